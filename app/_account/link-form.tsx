'use client';

import { Alert, Button, Stack } from '@mantine/core';
import { useMounted } from '@mantine/hooks';
import { type FormEvent, type ReactNode, useState } from 'react';
import { sentenceFor } from './sentence-for';
import { signInClient } from './sign-in-client';

type Props<Answer> = {
  path: string;
  token: string;
  button: string;
  /** Receives the answer; returns true while the page is being left, so that the button stays disabled. */
  onAnswer: (answer: Answer | null) => boolean;
  children: ReactNode;
};

/**
 * The single button of a page behind a link in an email: opening the page changes nothing, pressing the button sends
 * the token and the fields.
 */
export function LinkForm<Answer>({ path, token, button, onAnswer, children }: Props<Answer>) {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  const ready = useMounted();

  async function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    if (busy) return;
    setBusy(true);
    setProblem(null);
    const fields = Object.fromEntries(new FormData(event.currentTarget));
    const { data, error } = await signInClient.$fetch<Answer>(path, {
      method: 'POST',
      body: { ...fields, token },
    });
    if (error) setProblem(sentenceFor(error));
    else if (onAnswer(data)) return;
    setBusy(false);
  }
  return (
    <form onSubmit={submit} method="post">
      <Stack>
        {children}
        {problem && (
          <Alert color="red" role="alert">
            {problem}
          </Alert>
        )}
        <Button type="submit" loading={busy} disabled={!ready}>
          {button}
        </Button>
      </Stack>
    </form>
  );
}
