'use client';

import { Button, Stack, Text } from '@mantine/core';
import { useState } from 'react';
import { useStarts } from './start-context';

type Props = {
  /** Stops a session and starts the wanted one; resolves to true once that start is accepted. */
  onStop: (sessionId: string) => Promise<boolean>;
  onDone?: () => void;
};

/** The free remedy for a session limit: stops an active session, waits for proof, and starts this one. */
export function StopFirst({ onStop, onDone }: Props) {
  const { status } = useStarts();
  const [stopping, setStopping] = useState<{ id: string; name: string } | null>(null);
  const active = (status?.sessions ?? []).filter(
    ({ status: now }) => now === 'running' || now === 'starting',
  );

  async function stop(session: { id: string; name: string }) {
    if (stopping) return;
    setStopping(session);
    const isDone = await onStop(session.id);
    setStopping(null);
    if (isDone) onDone?.();
  }
  return (
    <Stack gap="xs" role="group" aria-label="Stop one first">
      {active.map(({ id, name }, index) => (
        <Button
          key={id}
          variant={index === 0 ? 'filled' : 'default'}
          onClick={() => stop({ id, name })}
          loading={stopping?.id === id}
          aria-disabled={stopping !== null}
          className="wrapping"
        >
          Stop “{name}” and start this
        </Button>
      ))}
      <Text size="sm" c="dimmed" role="status">
        {stopping
          ? `Stopping “${stopping.name}”. This one starts when its machine is gone, within a minute.`
          : active.length > 0
            ? 'What runs there ends; its files are kept.'
            : 'A session is just stopping. Try again in a moment.'}
      </Text>
    </Stack>
  );
}
