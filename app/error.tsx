'use client';

import { Button, Group, Text, Title } from '@mantine/core';
import Link from 'next/link';
import { useEffect } from 'react';
import { reportError } from './_errors/report';
import { Mark } from './_look/mark';

export default function ErrorPage({ error, reset }: { error: Error; reset: () => void }) {
  useEffect(() => reportError(error, 'page'), [error]);
  return (
    <main className="page" id="content">
      <Link href="/" className="brand" style={{ marginBottom: 24 }}>
        <Mark share={0.6} /> Hourglass
      </Link>
      <Title order={1} size="h3">
        This page could not be shown
      </Title>
      <Text my="md">
        Part of the service did not answer. Nothing was changed, and your sessions keep running.
      </Text>
      <Group gap="sm">
        <Button onClick={reset}>Try again</Button>
        <Button component={Link} href="/dashboard" variant="default">
          Go to your sessions
        </Button>
      </Group>
    </main>
  );
}
