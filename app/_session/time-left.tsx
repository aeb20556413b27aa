'use client';

import { Text, Tooltip } from '@mantine/core';
import type { Session } from '@/server/shapes';
import { formatDuration } from '../_format/duration';
import { formatTime, formatUtc } from '../_format/instant';
import { useStarts } from '../_status/start-context';
import { stopRule } from './stop-rule';
import { END_WORDS } from './words';

const MINUTE_MS = 60_000;
/** From here on a stop is near: it is shown so, and can be put off. */
export const SOON_MS = 5 * MINUTE_MS;

/** When a session stops and by which rule, and until when it is kept awake; in its last minute a countdown; after its end the reason. */
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
