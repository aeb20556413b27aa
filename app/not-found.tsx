import { Group, Text, Title } from '@mantine/core';
import type { Metadata } from 'next';
import { ButtonLink } from './_look/links';
import { PublicBar } from './_look/public-bar';
import { findPerson } from './_server/person';

export const metadata: Metadata = { title: 'There is no such page' };

export default async function NotFound() {
  const signedIn = (await findPerson()) !== null;
  return (
    <>
      <PublicBar signedIn={signedIn} />
      <main className="page" id="content">
        <Title order={1} size="h3">
          There is no such page
        </Title>
        <Text my="md">The address may be old or mistyped.</Text>
        <Group gap="sm">
          <ButtonLink href={signedIn ? '/dashboard' : '/'}>
            {signedIn ? 'Go to your sessions' : 'Go to the home page'}
          </ButtonLink>
          <ButtonLink href="/plans" variant="default">
            See the plans
          </ButtonLink>
        </Group>
      </main>
    </>
  );
}
