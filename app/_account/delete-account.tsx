'use client';

import { Button, Group, List, Paper, Stack, Text, TextInput } from '@mantine/core';
import { type FormEvent, useState } from 'react';
import { tellProblem } from '../_query/tell-problem';
import { refusalOf, useTRPCClient } from '../_query/trpc';
import { useFresh } from './fresh-sign-in';

const SENTENCES = [
  'Running sessions stop at once, and all files in all sessions are removed for good.',
  'Sign-ins and API keys end, and your name and address are forgotten.',
  'A plan you pay for ends at once. The rest of its month is not refunded.',
  'Time you used stays counted: a new account gets no second month and no second trial.',
];

const WhatHappens = () => (
  <List size="sm" spacing={4}>
    {SENTENCES.map((sentence) => (
      <List.Item key={sentence}>{sentence}</List.Item>
    ))}
  </List>
);

/** Deletes the account of an owner: says what is removed, and requires the email to be typed. */
export function DeleteAccount({ email, isOwner }: { email: string; isOwner: boolean }) {
  const client = useTRPCClient();
  const withFresh = useFresh();
  const [typed, setTyped] = useState('');
  const [busy, setBusy] = useState(false);
  const matches = typed.trim().toLowerCase() === email.toLowerCase();

  async function submit(event: FormEvent) {
    event.preventDefault();
    if (!matches || busy) return;
    setBusy(true);
    try {
      await withFresh(() => client.account.delete.mutate({ email: typed }));
      // A full page load, so that nothing of the deleted account stays in memory.
      window.location.assign('/goodbye');
    } catch (error) {
      tellProblem(refusalOf(error).message);
      setBusy(false);
    }
  }
  if (!isOwner) return <Text c="dimmed">Only an owner of this account can delete it. Ask an owner.</Text>;
  return (
    <Paper withBorder p="md">
      <form onSubmit={submit}>
        <Stack gap="sm">
          <WhatHappens />
          <TextInput
            label={`Type ${email} to confirm`}
            value={typed}
            onChange={(event) => setTyped(event.currentTarget.value)}
            autoComplete="off"
            maxLength={254}
          />
          <Group>
            <Button type="submit" color="red" loading={busy} disabled={!matches}>
              Delete this account
            </Button>
            {!matches && (
              <Text size="sm" c="dimmed">
                Type your address first.
              </Text>
            )}
          </Group>
        </Stack>
      </form>
    </Paper>
  );
}
