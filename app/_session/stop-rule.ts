import type { Session } from '@/server/shapes';
import { formatAllowance } from '../_format/duration';
import { CAUSE_WORDS } from './words';

type Stopping = Pick<
  Session,
  'startedAt' | 'stopsAt' | 'stopCause' | 'idleStopSeconds' | 'lastActiveAt' | 'lastWorkAt' | 'keepAwakeUntil'
>;

/** Instants of one reading count as equal when they differ by less. In ms. */
const SAME_MS = 1_500;

/** Returns the rule by which a session stops at `stopsAt`, in words; null while nothing stops the session. Pure. */
export function stopRule(session: Stopping): string | null {
  const { stopsAt, stopCause, keepAwakeUntil, idleStopSeconds } = session;
  if (stopsAt === null || stopCause === null) return null;
  if (stopCause !== 'idle') return CAUSE_WORDS[stopCause];
  if (keepAwakeUntil === stopsAt) return 'kept awake until then';
  const instantOf = (text: string | null) => (text === null ? 0 : Date.parse(text));
  const typedAt = Math.max(instantOf(session.startedAt), instantOf(session.lastActiveAt));
  const activeAt = Math.max(typedAt, instantOf(session.lastWorkAt));
  const isLongest = Date.parse(stopsAt) + SAME_MS < activeAt + idleStopSeconds * 1000;
  if (!isLongest) return `idle for ${formatAllowance(idleStopSeconds)}`;
  return `${formatAllowance(Math.round((Date.parse(stopsAt) - typedAt) / 1000))} without a keystroke`;
}
