'use client';

import { Alert, Stack, Text } from '@mantine/core';
import { useState } from 'react';
import type { ConfirmAnswer } from '@/server/account/confirm-door';
import { ButtonLink, TextLink } from '../_look/links';
import { LinkForm } from './link-form';

type Props = { token: string; email: string; sessions: number; isSignedIn: boolean };

/** The one button that confirms an address; without a sign-in of that account it says first what else ends. */
export function ConfirmAddressForm({ token, email, sessions, isSignedIn }: Props) {
  const [done, setDone] = useState(false);

  function onAnswer(answer: ConfirmAnswer | null): boolean {
    if (answer?.outcome === 'taken_over') {
      window.location.replace(`/reset-password?confirmed=1&token=${answer.newPasswordToken}`);
      return true;
    }
    setDone(true);
    return false;
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
    <LinkForm path="/confirm-address" token={token} button="Confirm this address" onAnswer={onAnswer}>
      <Text style={{ overflowWrap: 'anywhere' }}>
        Confirm that <b>{email}</b> is yours. If you did not sign up here, close this page.
      </Text>
      {!isSignedIn && <WithoutSignIn token={token} sessions={sessions} />}
    </LinkForm>
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
