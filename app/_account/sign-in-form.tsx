'use client';

import { Alert, Anchor, Button, Divider, PasswordInput, Stack, Text, TextInput } from '@mantine/core';
import { useMounted } from '@mantine/hooks';
import Link from 'next/link';
import { useSearchParams } from 'next/navigation';
import { type FormEvent, useState } from 'react';
import { EmailSent, wayOn } from './email-sent';
import { nextPath } from './next-path';
import { SecondFactorForm } from './second-factor-form';
import { sentenceFor } from './sentence-for';
import { signInClient } from './sign-in-client';

export type Mode = 'sign-in' | 'sign-up';

const WORDS = {
  'sign-in': { button: 'Sign in', other: 'Sign up', ask: 'No account yet?' },
  'sign-up': { button: 'Sign up', other: 'Sign in', ask: 'Already have an account?' },
} as const;

/** The step left after the form was submitted: a code of the second factor, or the link in an email. */
type Step = { kind: 'code' } | { kind: 'email'; email: string } | null;

/** Submits the form and opens the next page, or keeps the sentence that explains the failure. */
function useSignIn(mode: Mode, goOn: string, query: URLSearchParams) {
  const [problem, setProblem] = useState(sentenceOfReturn(query.get('error')));
  const [busy, setBusy] = useState(false);
  // Set after a sign-in with GitHub by a user with a second factor.
  const [step, setStep] = useState<Step>(query.get('step') === 'code' ? { kind: 'code' } : null);

  async function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    if (busy) return;
    setBusy(true);
    setProblem(null);
    const form = new FormData(event.currentTarget);
    const email = String(form.get('email')).trim().toLowerCase();
    const { data, error } = await send(mode, email, form, goOn);
    const left = error ? null : stepAfter(data, email);
    // A full page load, so that nothing another user saw in this tab stays in memory.
    if (!error && !left) return window.location.replace(goOn);
    setBusy(false);
    setStep(left);
    setProblem(error ? sentenceFor(error) : null);
  }
  return { problem, busy, step, setStep, submit };
}

function send(mode: Mode, email: string, form: FormData, goOn: string) {
  const password = String(form.get('password'));
  if (mode === 'sign-in') return signInClient.signIn.email({ email, password });
  const name = String(form.get('name') ?? '').trim() || (email.split('@')[0] ?? 'me');
  return signInClient.signUp.email({ email, password, name, ...wayOn(goOn) });
}

function stepAfter(data: object | null, email: string): Step {
  if (data !== null && 'twoFactorRedirect' in data) return { kind: 'code' };
  if (data !== null && 'status' in data && data.status === 'confirm_address') return { kind: 'email', email };
  return null;
}

/** Sign-in and sign-up in one form: the same fields, one button, errors beside it. */
export function SignInForm({ mode, github }: { mode: Mode; github: boolean }) {
  const query = useSearchParams();
  const goOn = nextPath(query.get('next'));
  const { problem, busy, step, setStep, submit } = useSignIn(mode, goOn, query);
  const words = WORDS[mode];
  // Before hydration the browser would submit the form itself.
  const ready = useMounted();
  if (step?.kind === 'code') return <SecondFactorForm goOn={goOn} />;
  if (step?.kind === 'email')
    return <EmailSent email={step.email} goOn={goOn} onBack={() => setStep(null)} />;
  return (
    // `post` keeps a password out of the URL when the browser submits the form itself.
    <form onSubmit={submit} method="post">
      <Stack gap="md">
        {mode === 'sign-up' && <TextInput name="name" label="Name" autoComplete="name" maxLength={80} />}
        <TextInput
          name="email"
          label="Email"
          type="email"
          autoComplete="email"
          defaultValue={query.get('email') ?? ''}
          required
          maxLength={254}
        />
        <PasswordInput
          visibilityToggleButtonProps={{ 'aria-label': 'Show password' }}
          name="password"
          label="Password"
          description={mode === 'sign-up' ? 'At least 8 characters' : undefined}
          autoComplete={mode === 'sign-in' ? 'current-password' : 'new-password'}
          minLength={8}
          maxLength={128}
          required
        />
        {problem && (
          <Alert color="red" role="alert">
            {problem}
          </Alert>
        )}
        <Button type="submit" loading={busy} disabled={!ready} fullWidth>
          {words.button}
        </Button>
        {github && <GitHubButton goOn={goOn} />}
        <OtherWays mode={mode} goOn={goOn} />
      </Stack>
    </form>
  );
}

const GitHubButton = ({ goOn }: { goOn: string }) => (
  <>
    <Divider label="or" />
    <Button
      variant="default"
      onClick={() => signInClient.signIn.social({ provider: 'github', callbackURL: goOn })}
    >
      Continue with GitHub
    </Button>
  </>
);

/** Links to the other form and to a new password. */
function OtherWays({ mode, goOn }: { mode: Mode; goOn: string }) {
  const { ask, other } = WORDS[mode];
  const path = mode === 'sign-in' ? '/sign-up' : '/sign-in';
  return (
    <Text size="sm" c="dimmed">
      {ask}{' '}
      <Anchor component={Link} underline="always" href={`${path}?next=${encodeURIComponent(goOn)}`}>
        {other}
      </Anchor>
      {mode === 'sign-in' && (
        <>
          {' · '}
          <Anchor component={Link} href="/forgot-password">
            Forgot your password?
          </Anchor>
        </>
      )}
    </Text>
  );
}

/** Returns a sentence for the error code of a failed sign-in with GitHub; null without one. */
export function sentenceOfReturn(code: string | null): string | null {
  if (code === null) return null;
  if (code === 'account_not_linked')
    return 'There is an account for the email address of your GitHub account already. Sign in with that address and its password; if you do not know it, “Forgot your password?” lets you choose a new one.';
  if (code === 'access_denied')
    return 'GitHub did not get your permission to share who you are. Try again, or sign in with a password.';
  if (code === 'RATE_LIMITED') return 'Too many people signed up today. Try again tomorrow.';
  if (code === 'INVALID_INPUT')
    return 'The email address of your GitHub account is one of a throw-away mailbox. Sign up with an address that you keep.';
  return 'That did not work this time. Try again, or sign in with a password.';
}
