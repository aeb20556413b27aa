'use client';

import { Text, Tooltip } from '@mantine/core';
import type { Session } from '@/server/shapes';
import { formatDuration } from '../_format/duration';
import { formatTime, formatUtc } from '../_format/instant';
import { useStarts } from '../_status/start-context';
import { END_WORDS, stopCause } from './words';

const MINUTE_MS = 60_000;

/** When a session stops and why; in its last minute a countdown; after its end the reason. */
export function TimeLeft({ session }: { session: Session }) {
  const { status, now } = useStarts();
  if (session.status === 'starting')
    return <Text size="sm">Waiting for its machine. Booting costs nothing.</Text>;
  if (session.status === 'stopping') return <Text size="sm">Hanging up and saving…</Text>;
  if (session.status !== 'running') {
    return (
      <Text size="sm" c="dimmed">
        {session.endReason ? END_WORDS[session.endReason] : 'Never started.'}
      </Text>
    );
  }
  if (!session.stopsAt) return <Text size="sm">Runs until you stop it.</Text>;
  const left = Date.parse(session.stopsAt) - now;
  const cause = stopCause(session.stopsAt, status?.quota);
  return (
    <Tooltip label={formatUtc(session.stopsAt)}>
      <Text size="sm" className={left < 5 * MINUTE_MS ? 'soon' : undefined} data-testid="stops-at">
        {left < MINUTE_MS
          ? `stops in ${formatDuration(left / 1000)}`
          : `stops ${formatTime(session.stopsAt, now)}`}{' '}
        · {cause}
      </Text>
    </Tooltip>
  );
}
