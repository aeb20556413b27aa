'use client';

import { Button, Text, Title } from '@mantine/core';

export default function ErrorPage({ reset }: { error: Error; reset: () => void }) {
  return (
    <main className="page" id="content">
      <Title order={1} size="h3">
        This page could not be shown
      </Title>
      <Text my="md">Something did not answer. Nothing was changed by it; your sessions go on.</Text>
      <Button onClick={reset}>Try again</Button>
    </main>
  );
}
