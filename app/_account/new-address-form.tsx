'use client';

import { Stack, Text } from '@mantine/core';
import { useState } from 'react';
import type { MoveStep } from '@/server/account/new-address';
import type { MoveAnswer } from '@/server/account/new-address-door';
import { ButtonLink } from '../_look/links';
import { LinkForm } from './link-form';

type Props = { token: string; email: string; newEmail: string; step: MoveStep };

/** The button of each step of a change of address. */
export function NewAddressForm({ token, email, newEmail, step }: Props) {
  const [outcome, setOutcome] = useState<MoveAnswer['outcome'] | null>(null);

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
    <LinkForm<MoveAnswer>
      path="/confirm-new-address"
      token={token}
      button={step === 'confirm' ? 'Move my account' : 'Confirm this address'}
      onAnswer={(answer) => {
        setOutcome(answer?.outcome ?? null);
        return false;
      }}
    >
      <WhatHappens email={email} newEmail={newEmail} step={step} />
    </LinkForm>
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
