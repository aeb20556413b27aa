'use client';

import { Alert, Button, Stack, Text } from '@mantine/core';
import { useMounted } from '@mantine/hooks';
import { type FormEvent, useState } from 'react';
import type { ConfirmAnswer } from '@/server/account/confirm-door';
import { ButtonLink, TextLink } from '../_look/links';
import { sentenceFor } from './sentence-for';
import { signInClient } from './sign-in-client';

type Props = { token: string; email: string; sessions: number; isSignedIn: boolean };

/** The one button that confirms an address; without a sign-in of that account it says first what else ends. */
export function ConfirmAddressForm({ token, email, sessions, isSignedIn }: Props) {
  const [busy, setBusy] = useState(false);
  const [done, setDone] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  const ready = useMounted();

  async function submit(event: FormEvent) {
    event.preventDefault();
    if (busy) return;
    setBusy(true);
    setProblem(null);
    const { data, error } = await signInClient.$fetch<ConfirmAnswer>('/confirm-address', {
      method: 'POST',
      body: { token },
    });
    if (data?.outcome === 'taken_over') {
      return window.location.replace(`/reset-password?confirmed=1&token=${data.newPasswordToken}`);
    }
    setBusy(false);
    if (error) setProblem(sentenceFor(error));
    else setDone(true);
  }
  if (done) {
    return (
      <Stack>
        <Text role="status">Your address is confirmed.</Text>
        <ButtonLink href="/dashboard">To your sessions</ButtonLink>
      </Stack>
    );
  }
  return (
    <form onSubmit={submit} method="post">
      <Stack>
        <Text style={{ overflowWrap: 'anywhere' }}>
          Confirm that <b>{email}</b> is yours. If you did not sign up here, close this page.
        </Text>
        {!isSignedIn && <WithoutSignIn token={token} sessions={sessions} />}
        {problem && (
          <Alert color="red" role="alert">
            {problem}
          </Alert>
        )}
        <Button type="submit" loading={busy} disabled={!ready}>
          Confirm this address
        </Button>
      </Stack>
    </form>
  );
}

/** Whoever signed up may have been somebody else. */
function WithoutSignIn({ token, sessions }: { token: string; sessions: number }) {
  const next = encodeURIComponent(`/confirm-address?token=${token}`);
  const removed =
    sessions === 0 ? '' : ` ${sessions} ${sessions === 1 ? 'session is' : 'sessions are'} removed for good.`;
  return (
    <Alert color="yellow" title="This browser is not signed in">
      Signed up on another device?{' '}
      <TextLink href={`/sign-in?next=${next}`} inherit underline="always">
        Sign in here first
      </TextLink>{' '}
      and everything stays as it is. Without it you choose a new password next, and all sign-ins and API keys
      made before end.{removed}
    </Alert>
  );
}
