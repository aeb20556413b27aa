'use client';

import { Alert, Button, PasswordInput, Stack, Text } from '@mantine/core';
import { useState } from 'react';
import type { ConfirmAnswer } from '@/server/account/confirm-door';
import { ButtonLink } from '../_look/links';
import { LinkForm } from './link-form';

type Props = {
  token: string;
  email: string;
  sessions: number;
  /** This browser signed up, or is signed in to the account. */
  isMaker: boolean;
  goOn: string;
};

/**
 * The button that confirms an email address. In a browser that did not sign up, the user must give the password chosen
 * there, or sees what ends when a new password is chosen.
 */
export function ConfirmAddressForm({ token, email, sessions, isMaker, goOn }: Props) {
  const [done, setDone] = useState(false);
  const [isTakingOver, setTakingOver] = useState(false);

  function onAnswer(answer: ConfirmAnswer | null): boolean {
    const to =
      answer?.outcome === 'taken_over'
        ? `/reset-password?confirmed=1&token=${answer.newPasswordToken}`
        : answer?.outcome === 'signed_in' && goOn;
    if (to) window.location.replace(to);
    else setDone(true);
    return Boolean(to);
  }
  if (done) return <Confirmed />;
  const form = { path: '/confirm-address', token, onAnswer, button: 'Confirm this address' };
  const what = (
    <Text style={{ overflowWrap: 'anywhere' }}>
      Confirm that <b>{email}</b> is yours. If you did not sign up here, close this page.
    </Text>
  );
  if (isMaker) return <LinkForm {...form}>{what}</LinkForm>;
  if (isTakingOver)
    return (
      <LinkForm {...form}>
        {what}
        <TakingOver sessions={sessions} />
      </LinkForm>
    );
  return (
    <LinkForm {...form} button="Confirm and sign in">
      {what}
      <PasswordInput
        visibilityToggleButtonProps={{ 'aria-label': 'Show password' }}
        name="password"
        label="Password"
        description="The one chosen when this account was made"
        autoComplete="current-password"
        maxLength={128}
        required
      />
      <Button variant="subtle" onClick={() => setTakingOver(true)}>
        Choose a new password instead
      </Button>
    </LinkForm>
  );
}

const Confirmed = () => (
  <Stack>
    <Text role="status">Your address is confirmed.</Text>
    <ButtonLink href="/dashboard">To your sessions</ButtonLink>
  </Stack>
);

/** Warns that someone else may have signed up with this address. */
function TakingOver({ sessions }: { sessions: number }) {
  const removed =
    sessions === 0 ? '' : ` ${sessions} ${sessions === 1 ? 'session is' : 'sessions are'} removed for good.`;
  return (
    <Alert color="yellow" title="Without the password">
      You choose a new password next, and all sign-ins and API keys made before end.{removed}
    </Alert>
  );
}
