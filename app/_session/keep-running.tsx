'use client';

import { Button } from '@mantine/core';
import type { Session } from '@/server/shapes';
import { useStarts } from '../_status/start-context';
import { SOON_MS } from './time-left';
import { useSessionActs } from './use-session-acts';

/** Whether a session is about to be stopped for being idle. */
const isIdleSoon = (session: Session, now: number): boolean =>
  session.status === 'running' &&
  session.stopCause === 'idle' &&
  session.stopsAt !== null &&
  Date.parse(session.stopsAt) - now < SOON_MS;

/** A button that postpones an idle stop; shown only while the stop is near. */
export function KeepRunning({ session, size }: { session: Session; size: 'xs' | 'sm' }) {
  const { now } = useStarts();
  const acts = useSessionActs(session);
  if (!isIdleSoon(session, now)) return null;
  return (
    <Button size={size} color="orange.9" onClick={() => acts.keepAwake()} loading={acts.busy}>
      Keep running
    </Button>
  );
}
