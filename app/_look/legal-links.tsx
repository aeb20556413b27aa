'use client';

import { Anchor, Group } from '@mantine/core';

type Props = { terms: string | undefined; privacy: string | undefined };

/** The operator's terms and privacy policy at the foot of every page; nothing where none are set. */
export function LegalLinks({ terms, privacy }: Props) {
  if (!terms && !privacy) return null;
  return (
    <footer className="page">
      <Group gap="md" py="md">
        {terms && (
          <Anchor href={terms} size="sm" c="dimmed">
            Terms
          </Anchor>
        )}
        {privacy && (
          <Anchor href={privacy} size="sm" c="dimmed">
            Privacy
          </Anchor>
        )}
      </Group>
    </footer>
  );
}
