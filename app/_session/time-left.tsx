'use client';

import { Text, Tooltip } from '@mantine/core';
import type { Session } from '@/server/shapes';
import { formatDuration } from '../_format/duration';
import { formatTime, formatUtc } from '../_format/instant';
import { useStarts } from '../_status/start-context';
import { stopRule } from './stop-rule';
import { END_WORDS } from './words';

const MINUTE_MS = 60_000;
/** A stop nearer than this is marked and can be postponed. */
export const SOON_MS = 5 * MINUTE_MS;

/**
 * Says when and by which rule a session stops, as a countdown in the last minute, and until when the session is kept
 * awake; the reason once it has stopped.
 */
export function TimeLeft({ session }: { session: Session }) {
  const { now } = useStarts();
  if (session.status === 'starting')
    return <Text size="sm">Waiting for its machine. Booting costs nothing.</Text>;
  if (session.status === 'stopping') return <Text size="sm">Disconnecting and saving…</Text>;
  if (session.status !== 'running') {
    return (
      <Text size="sm" c="dimmed">
        {session.endReason ? END_WORDS[session.endReason] : 'Never started.'}
      </Text>
    );
  }
  if (!session.stopsAt) return <Text size="sm">Runs until you stop it.</Text>;
  const left = Date.parse(session.stopsAt) - now;
  const { keepAwakeUntil } = session;
  return (
    <Tooltip label={formatUtc(session.stopsAt)}>
      <Text size="sm" className={left < SOON_MS ? 'soon' : undefined} data-testid="stops-at">
        {left < MINUTE_MS
          ? `stops in ${formatDuration(left / 1000)}`
          : `stops ${formatTime(session.stopsAt, now)}`}{' '}
        · {stopRule(session)}
        {keepAwakeUntil &&
          keepAwakeUntil !== session.stopsAt &&
          ` · kept awake until ${formatTime(keepAwakeUntil, now)}`}
      </Text>
    </Tooltip>
  );
}
