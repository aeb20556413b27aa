import { Text, Title } from '@mantine/core';
import { ButtonLink } from './_look/links';

export default function NotFound() {
  return (
    <main className="page" id="content">
      <Title order={1} size="h3">
        There is no such page
      </Title>
      <Text my="md">The address may be old or mistyped.</Text>
      <ButtonLink href="/dashboard">Go to your sessions</ButtonLink>
    </main>
  );
}
