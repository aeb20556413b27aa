import type { Instant } from '../clock';
import type { OpenRun } from '../quota/account-state';

/** The longest a machine's word may wait for us before it counts: longer than any machine waits for the answer. */
const LATE_WORD_MS = 20_000;

/**
 * When a run that is proven dead ended: as the provider saw it, also a little before the machine's last word was taken, for
 * that word may have waited for us while its machine died. Without that, or where both are far apart, the last word is the
 * end. Never before the start, and never after this moment, whatever the provider's clock says. Pure.
 */
export function endOf(
  run: Pick<OpenRun, 'startedAt' | 'proofAt'>,
  seenAt: Instant | null,
  now: Instant,
): Instant {
  if (seenAt === null || seenAt < run.proofAt - LATE_WORD_MS) return Math.min(run.proofAt, now);
  return Math.min(Math.max(seenAt, run.startedAt ?? run.proofAt), now);
}
