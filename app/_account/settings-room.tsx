'use client';

import { Button, Group, Paper, Text, Title } from '@mantine/core';
import { useState } from 'react';
import { tellProblem } from '../_status/start-context';
import { ApiKeys } from './api-keys';
import { DeleteAccount } from './delete-account';
import { signInClient } from './sign-in-client';

type Person = { name: string; email: string; emailVerified: boolean };

/** Who somebody is, the keys by which other apps act for the account, and the end of it. */
export function SettingsRoom({ person, isOwner }: { person: Person; isOwner: boolean }) {
  return (
    <main className="page" id="content">
      <Title order={1} size="h3" mb="md">
        Settings
      </Title>
      <Profile person={person} />
      <Title order={2} size="h5" mt="lg" mb="sm">
        API keys
      </Title>
      <ApiKeys />
      <Title order={2} size="h5" mt="xl" mb="sm">
        Delete account
      </Title>
      <DeleteAccount email={person.email} isOwner={isOwner} />
    </main>
  );
}

function Profile({ person }: { person: Person }) {
  const [sent, setSent] = useState(false);
  async function resend() {
    const { error } = await signInClient.sendVerificationEmail({
      email: person.email,
      callbackURL: '/settings',
    });
    if (error) tellProblem(error.message ?? 'The letter could not be sent. Try again in a minute.');
    else setSent(true);
  }
  return (
    <Paper withBorder p="md">
      <Text fw={600} className="one-line">
        {person.name}
      </Text>
      <Text c="dimmed" className="one-line">
        {person.email}
      </Text>
      <Group mt="sm" gap="sm">
        {person.emailVerified ? (
          <Text size="sm">Your address is confirmed.</Text>
        ) : (
          <>
            <Text size="sm">
              Your address is not confirmed yet: a lost password could not be replaced, nor a trial started.
            </Text>
            <Button size="xs" variant="default" onClick={resend} disabled={sent}>
              {sent ? 'The letter is on its way' : 'Send the letter again'}
            </Button>
          </>
        )}
      </Group>
    </Paper>
  );
}
