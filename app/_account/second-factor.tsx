'use client';

import { Badge, Button, Group, Paper, Stack, Text } from '@mantine/core';
import { useRouter } from 'next/navigation';
import { useState } from 'react';
import { tellProblem } from '../_query/tell-problem';
import { useAskAgain } from './fresh-sign-in';
import { type Begun, RecoveryCodes, SecondFactorSetUp } from './second-factor-set-up';
import { sentenceFor } from './sentence-for';
import { signInClient } from './sign-in-client';

type Answer = { totpURI?: string; backupCodes?: string[] };

/**
 * Returns a function that changes the second factor, after asking for the password when needed. It returns null when
 * the password was not given or the change was refused.
 */
function useChange(hasPassword: boolean) {
  const ask = useAskAgain();
  return async (path: string): Promise<Answer | null> => {
    const password = hasPassword ? await ask() : '';
    if (password === null) return null;
    const call = () =>
      signInClient.$fetch<Answer>(path, { method: 'POST', body: password === '' ? {} : { password } });
    let { data, error } = await call();
    const code = (error as { code?: string } | null)?.code;
    if (code === 'FRESH_SIGN_IN_REQUIRED' && (await ask()) !== null) ({ data, error } = await call());
    if (error) tellProblem(sentenceFor(error));
    return error ? null : (data ?? {});
  };
}

/** Adds, shows and removes the authenticator app. */
export function SecondFactor({ isOn, hasPassword }: { isOn: boolean; hasPassword: boolean }) {
  const router = useRouter();
  const change = useChange(hasPassword);
  const [begun, setBegun] = useState<Begun | null>(null);
  const [codes, setCodes] = useState<string[] | null>(null);

  async function begin() {
    const answer = await change('/two-factor/enable');
    if (answer?.totpURI) setBegun({ totpURI: answer.totpURI, backupCodes: answer.backupCodes ?? [] });
  }
  async function renew() {
    const answer = await change('/two-factor/generate-backup-codes');
    if (answer?.backupCodes) setCodes(answer.backupCodes);
  }
  async function remove() {
    if (await change('/two-factor/disable')) done();
  }
  function done() {
    setBegun(null);
    setCodes(null);
    router.refresh();
  }
  return (
    <Paper withBorder p="md">
      <Stack gap="sm">
        <State isOn={isOn} />
        {codes && <RecoveryCodes codes={codes} />}
        {begun ? (
          <SecondFactorSetUp begun={begun} onDone={done} onCancel={() => setBegun(null)} />
        ) : (
          <Choices isOn={isOn} onBegin={begin} onRenew={renew} onRemove={remove} />
        )}
      </Stack>
    </Paper>
  );
}

const State = ({ isOn }: { isOn: boolean }) => (
  <Group gap="sm">
    <Badge variant="light" color={isOn ? 'green' : 'gray'} tt="none">
      {isOn ? 'On' : 'Off'}
    </Badge>
    <Text size="sm">
      {isOn
        ? 'Signing in asks for a code from your authenticator app after the password.'
        : 'With a code from an authenticator app, your password alone is not enough to sign in.'}
    </Text>
  </Group>
);

type ChoicesProps = { isOn: boolean; onBegin: () => void; onRenew: () => void; onRemove: () => void };

const Choices = ({ isOn, onBegin, onRenew, onRemove }: ChoicesProps) => (
  <Group>
    {isOn ? (
      <>
        <Button variant="default" size="xs" onClick={onRenew}>
          New recovery codes
        </Button>
        <Button variant="default" size="xs" onClick={onRemove}>
          Remove second factor
        </Button>
      </>
    ) : (
      <Button variant="default" onClick={onBegin}>
        Set up second factor
      </Button>
    )}
  </Group>
);
