'use client';

import { Alert, Anchor, Button, Stack, Text, TextInput } from '@mantine/core';
import { type FormEvent, useState } from 'react';
import { sentenceFor } from './sentence-for';
import { signInClient } from './sign-in-client';

const WAYS = {
  app: {
    path: '/two-factor/verify-totp',
    label: 'Code from your authenticator app',
    other: 'Use a recovery code',
  },
  recovery: {
    path: '/two-factor/verify-backup-code',
    label: 'Recovery code',
    other: 'Use the authenticator app',
  },
} as const;

/** The second step of a sign-in: a code from the authenticator app, or a recovery code when the app is lost. */
export function SecondFactorForm({ goOn }: { goOn: string }) {
  const [way, setWay] = useState<keyof typeof WAYS>('app');
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  const { path, label, other } = WAYS[way];

  async function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    if (busy) return;
    setBusy(true);
    const code = String(new FormData(event.currentTarget).get('code')).trim();
    const { error } = await signInClient.$fetch(path, { method: 'POST', body: { code } });
    if (!error) return window.location.replace(goOn);
    setBusy(false);
    setProblem(sentenceFor(error));
  }
  function swap() {
    setWay(way === 'app' ? 'recovery' : 'app');
    setProblem(null);
  }
  return (
    <form onSubmit={submit} method="post">
      <Stack gap="md">
        <Text size="sm">This account asks for a second factor.</Text>
        <CodeInput key={way} label={label} isNumber={way === 'app'} />
        {problem && (
          <Alert color="red" role="alert">
            {problem}
          </Alert>
        )}
        <Button type="submit" loading={busy} fullWidth>
          Continue
        </Button>
        <Anchor component="button" type="button" size="sm" onClick={swap}>
          {other}
        </Anchor>
        <Anchor href={`/sign-in?next=${encodeURIComponent(goOn)}`} size="sm">
          Start again
        </Anchor>
      </Stack>
    </form>
  );
}

const CodeInput = ({ label, isNumber }: { label: string; isNumber: boolean }) => (
  <TextInput
    name="code"
    label={label}
    autoComplete="one-time-code"
    inputMode={isNumber ? 'numeric' : 'text'}
    maxLength={40}
    required
    autoFocus
  />
);
