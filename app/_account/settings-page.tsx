'use client';

import { Text, Title } from '@mantine/core';
import type { Security } from '@/server/account/read-security';
import { Variables } from '../_secrets/variables';
import { ApiKeys } from './api-keys';
import { DeleteAccount } from './delete-account';
import { FreshSignIn } from './fresh-sign-in';
import { type Person, Profile } from './profile';
import { SecondFactor } from './second-factor';
import { SignIns } from './sign-ins';

type Props = { person: Person; security: Security; isOwner: boolean };

/** The settings: profile, sign-ins, second factor, API keys, variables of sessions, and the deletion of the account. */
export function SettingsPage({ person, security, isOwner }: Props) {
  return (
    <FreshSignIn hasPassword={security.hasPassword}>
      <main className="page" id="content">
        <Title order={1} size="h3" mb="md">
          Settings
        </Title>
        <Profile person={person} hasPassword={security.hasPassword} />
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
        <Title order={2} size="h5" mt="lg" mb="sm">
          Environment and secrets
        </Title>
        <Variables />
        <Title order={2} size="h5" mt="xl" mb="sm">
          Delete account
        </Title>
        <DeleteAccount email={person.email} isOwner={isOwner} />
      </main>
    </FreshSignIn>
  );
}
