'use client';

import { Group, Paper, Text, Title } from '@mantine/core';
import type { Security } from '@/server/account/read-security';
import { ApiKeys } from './api-keys';
import { DeleteAccount } from './delete-account';
import { FreshSignIn } from './fresh-sign-in';
import { ResendConfirmation } from './resend-confirmation';
import { SecondFactor } from './second-factor';
import { SignIns } from './sign-ins';

type Person = { name: string; email: string; emailVerified: boolean };

type Props = { person: Person; security: Security; isOwner: boolean };

/** Who somebody is, where they are signed in, the keys by which other apps act for the account, and the end of it. */
export function SettingsPage({ person, security, isOwner }: Props) {
  return (
    <FreshSignIn hasPassword={security.hasPassword}>
      <main className="page" id="content">
        <Title order={1} size="h3" mb="md">
          Settings
        </Title>
        <Profile person={person} />
        <Title order={2} size="h5" mt="lg" mb="sm">
          Second factor
        </Title>
        <SecondFactor isOn={security.hasSecondFactor} hasPassword={security.hasPassword} />
        <Title order={2} size="h5" mt="lg" mb="sm">
          Where you are signed in
        </Title>
        <SignIns />
        <Title order={2} size="h5" mt="lg" mb="sm">
          API keys
        </Title>
        {person.emailVerified ? (
          <ApiKeys />
        ) : (
          <Text c="dimmed" size="sm">
            API keys can be made once your address is confirmed.
          </Text>
        )}
        <Title order={2} size="h5" mt="xl" mb="sm">
          Delete account
        </Title>
        <DeleteAccount email={person.email} isOwner={isOwner} />
      </main>
    </FreshSignIn>
  );
}

function Profile({ person }: { person: Person }) {
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
              Your address is not confirmed yet. Open the link in the email we sent you to start sessions, a
              trial or make API keys.
            </Text>
            <ResendConfirmation size="xs" />
          </>
        )}
      </Group>
    </Paper>
  );
}
