'use client';

import { Alert, Anchor, Button, PasswordInput, Stack, Text, TextInput } from '@mantine/core';
import { useMounted } from '@mantine/hooks';
import Link from 'next/link';
import { type FormEvent, type ReactNode, useState } from 'react';
import { sentenceFor } from './sentence-for';
import { signInClient } from './sign-in-client';

type Outcome = { done: string } | { problem: string } | null;

function useForm(work: (form: FormData) => Promise<Outcome>) {
  const [outcome, setOutcome] = useState<Outcome>(null);
  const [busy, setBusy] = useState(false);
  async function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    setBusy(true);
    setOutcome(await work(new FormData(event.currentTarget)));
    setBusy(false);
  }
  // Before hydration the browser would submit the form itself.
  const ready = useMounted();
  return { outcome, busy, ready, submit };
}

function Result({ outcome }: { outcome: Outcome }) {
  if (!outcome) return null;
  return 'done' in outcome ? (
    <Alert color="green" role="status">
      {outcome.done}
    </Alert>
  ) : (
    <Alert color="red" role="alert">
      {outcome.problem}
    </Alert>
  );
}

/** Requests an email with a link; the answer is the same for known and unknown addresses. */
export function ForgotPasswordForm() {
  const { outcome, busy, ready, submit } = useForm(async (form) => {
    const { error } = await signInClient.requestPasswordReset({
      email: String(form.get('email')).trim().toLowerCase(),
      redirectTo: '/reset-password',
    });
    return error
      ? { problem: sentenceFor(error) }
      : { done: 'If there is an account for this address, an email is on its way.' };
  });
  return (
    <form onSubmit={submit} method="post">
      <Stack>
        <TextInput name="email" type="email" label="Email" autoComplete="email" required />
        <Result outcome={outcome} />
        <Button type="submit" loading={busy} disabled={!ready}>
          Send me a link
        </Button>
        <Anchor component={Link} href="/sign-in" size="sm">
          Back to sign in
        </Anchor>
      </Stack>
    </form>
  );
}

type ResetProps = {
  token: string;
  /** The user confirmed the address without a sign-in, which ended the old password. */
  isConfirmedNow: boolean;
  /** How many sessions are removed with the old password, because the address was never confirmed. */
  removedSessions: number;
};

/** Sets a new password with the token of an email, after saying what ends with the old one. */
export function ResetPasswordForm({ token, isConfirmedNow, removedSessions }: ResetProps) {
  const { outcome, busy, ready, submit } = useForm(async (form) => {
    const { error } = await signInClient.resetPassword({
      newPassword: String(form.get('password')),
      token,
    });
    return error ? { problem: problemOf(error) } : { done: 'Your new password is set.' };
  });
  if (!token) return <DeadLink>This link is not complete, or not valid any more.</DeadLink>;
  return (
    <form onSubmit={submit} method="post">
      <Stack>
        <PasswordInput
          visibilityToggleButtonProps={{ 'aria-label': 'Show password' }}
          name="password"
          label="New password"
          autoComplete="new-password"
          minLength={8}
          maxLength={128}
          required
        />
        {!outcome && (
          <Text size="sm" c="dimmed">
            {isConfirmedNow
              ? 'Your address is confirmed. From now on you sign in with this password.'
              : 'It signs you out everywhere and ends the API keys you made.'}
            {removedSessions > 0 &&
              ` This address was never confirmed, so ${removedSessions === 1 ? 'one session' : `${removedSessions} sessions`} made in this account before, and all files there, are removed for good.`}
          </Text>
        )}
        <Result outcome={outcome} />
        {outcome && 'done' in outcome ? (
          <Button component={Link} href="/sign-in">
            Sign in
          </Button>
        ) : (
          <Button type="submit" loading={busy} disabled={!ready}>
            Set new password
          </Button>
        )}
        <Anchor component={Link} href="/forgot-password" size="sm">
          Ask for a new link
        </Anchor>
      </Stack>
    </form>
  );
}

/** Returns why the password was refused; any other error means that the link is not valid. */
const problemOf = (error: { code?: string; message?: string }): string =>
  error.code === 'INVALID_INPUT' ? sentenceFor(error) : 'This link is not valid any more. Request a new one.';

const DeadLink = ({ children }: { children: ReactNode }) => (
  <Stack>
    <Text>{children}</Text>
    <Button component={Link} href="/forgot-password">
      Ask for a new link
    </Button>
    <Anchor component={Link} href="/sign-in" size="sm">
      Back to sign in
    </Anchor>
  </Stack>
);
