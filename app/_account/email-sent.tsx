'use client';

import { Alert, Anchor, Button, Stack, Text } from '@mantine/core';
import { useEffect, useState } from 'react';
import { sentenceFor } from './sentence-for';
import { signInClient } from './sign-in-client';

type Props = { email: string; goOn: string; onBack: () => void };

/** Paths that the sign-in library accepts as the target of a link in an email. */
const CARRIED = /^\/[\w\-.+/@]+(?:\?[\w\-.+/=&%@]*)?$/;
export const wayOn = (goOn: string): { callbackURL?: string } =>
  goOn !== '/dashboard' && CARRIED.test(goOn) ? { callbackURL: goOn } : {};

/**
 * Shown after a sign-up, the same whether the address is new or has an account. Opens the next page once this browser
 * is signed in.
 */
export function EmailSent({ email, goOn, onBack }: Props) {
  const [busy, setBusy] = useState(false);
  const [said, setSaid] = useState<{ problem?: string } | null>(null);
  useEffect(() => {
    // The link may have been opened in another tab of this browser.
    async function look() {
      if (document.visibilityState !== 'visible') return;
      if ((await signInClient.getSession()).data) window.location.replace(goOn);
    }
    document.addEventListener('visibilitychange', look);
    window.addEventListener('focus', look);
    return () => {
      document.removeEventListener('visibilitychange', look);
      window.removeEventListener('focus', look);
    };
  }, [goOn]);

  async function sendAgain() {
    setBusy(true);
    const { error } = await signInClient.sendVerificationEmail({ email, ...wayOn(goOn) });
    setBusy(false);
    setSaid(error ? { problem: sentenceFor(error) } : {});
  }
  return (
    <Stack>
      <Text role="status" style={{ overflowWrap: 'anywhere' }}>
        We sent an email to <b>{email}</b>. Open the link in it to finish; it works for one hour.
      </Text>
      <Text size="sm" c="dimmed">
        If this address has an account already, the email says so and how to sign in.
      </Text>
      {said?.problem && (
        <Alert color="red" role="alert">
          {said.problem}
        </Alert>
      )}
      <Button variant="default" onClick={sendAgain} loading={busy} disabled={said !== null && !said.problem}>
        {said && !said.problem ? 'The email is on its way' : 'Send the email again'}
      </Button>
      <Anchor component="button" type="button" size="sm" onClick={onBack}>
        Use another address
      </Anchor>
    </Stack>
  );
}
