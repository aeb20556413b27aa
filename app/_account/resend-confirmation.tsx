'use client';

import { Button, type ButtonProps, Text } from '@mantine/core';
import { useState } from 'react';
import { sentenceFor } from './sentence-for';
import { signInClient } from './sign-in-client';

/** Sends the confirmation email to the signed-in user and shows the outcome. */
export function ResendConfirmation({
  label = 'Send the email again',
  ...rest
}: ButtonProps & { label?: string }) {
  const [busy, setBusy] = useState(false);
  const [sent, setSent] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);

  async function send() {
    setBusy(true);
    const { data } = await signInClient.getSession();
    const email = data?.user.email;
    const { error } = email
      ? await signInClient.sendVerificationEmail({ email })
      : { error: { message: 'Sign in again to have the email sent.' } };
    setBusy(false);
    setProblem(error ? sentenceFor(error) : null);
    setSent(!error);
  }
  return (
    <div>
      <Button variant="default" {...rest} onClick={send} loading={busy} disabled={sent}>
        {sent ? 'The email is on its way' : label}
      </Button>
      {problem && (
        <Text size="sm" role="alert" mt={4}>
          {problem}
        </Text>
      )}
    </div>
  );
}
