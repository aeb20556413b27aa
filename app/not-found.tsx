import { Button, Text, Title } from '@mantine/core';
import Link from 'next/link';

export default function NotFound() {
  return (
    <main className="page" id="content">
      <Title order={1} size="h3">
        There is no such page
      </Title>
      <Text my="md">The address may be old or mistyped.</Text>
      <Button component={Link} href="/dashboard">
        Go to your sessions
      </Button>
    </main>
  );
}
