'use client';

import { Alert, Button, Stack, Text } from '@mantine/core';
import { useMounted } from '@mantine/hooks';
import { type FormEvent, useState } from 'react';
import type { MoveStep } from '@/server/account/new-address';
import type { MoveAnswer } from '@/server/account/new-address-door';
import { ButtonLink } from '../_look/links';
import { sentenceFor } from './sentence-for';
import { signInClient } from './sign-in-client';

type Props = { token: string; email: string; newEmail: string; step: MoveStep };

/** The one button of each step of a move to another address. */
export function NewAddressForm({ token, email, newEmail, step }: Props) {
  const [busy, setBusy] = useState(false);
  const [outcome, setOutcome] = useState<MoveAnswer['outcome'] | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const ready = useMounted();

  async function submit(event: FormEvent) {
    event.preventDefault();
    if (busy) return;
    setBusy(true);
    setProblem(null);
    const { data, error } = await signInClient.$fetch<MoveAnswer>('/confirm-new-address', {
      method: 'POST',
      body: { token },
    });
    setBusy(false);
    if (error) setProblem(sentenceFor(error));
    else setOutcome(data?.outcome ?? null);
  }
  if (outcome)
    return (
      <Stack>
        <Text role="status" style={{ overflowWrap: 'anywhere' }}>
          {outcome === 'changed'
            ? `Your address is ${newEmail} now.`
            : `An email is on its way to ${newEmail}. Open its link where you are signed in.`}
        </Text>
        <ButtonLink href="/settings">Settings</ButtonLink>
      </Stack>
    );
  return (
    <form onSubmit={submit} method="post">
      <Stack>
        <WhatHappens email={email} newEmail={newEmail} step={step} />
        {problem && (
          <Alert color="red" role="alert">
            {problem}
          </Alert>
        )}
        <Button type="submit" loading={busy} disabled={!ready}>
          {step === 'confirm' ? 'Move my account' : 'Confirm this address'}
        </Button>
      </Stack>
    </form>
  );
}

const WhatHappens = ({ email, newEmail, step }: Omit<Props, 'token'>) => (
  <Text style={{ overflowWrap: 'anywhere' }}>
    {step === 'confirm' ? (
      <>
        Your account moves from {email} to <b>{newEmail}</b> once that address has confirmed it too. If you
        did not ask for this, close this page and choose a new password.
      </>
    ) : (
      <>
        Confirm that <b>{newEmail}</b> is yours. You sign in with it from now on, and no longer with {email}.
      </>
    )}
  </Text>
);
