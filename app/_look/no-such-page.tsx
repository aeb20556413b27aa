import { Group, Text, Title } from '@mantine/core';
import { ButtonLink } from './links';

/** The content of a page that does not exist, below whichever header is there. */
export function NoSuchPage({ signedIn }: { signedIn: boolean }) {
  return (
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
  );
}
