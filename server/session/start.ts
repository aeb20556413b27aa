import { isDatabaseAway } from '@/db/away';
import { type Ctx, inTx } from '../context';
import { DomainError, quotaUnavailable, type Reason } from '../errors';
import { metrics } from '../metrics';
import { type Admission, admitRun, type StartInput } from '../run/admit';
import { launchRun } from '../run/launch';
import { refuseEarly } from '../run/refuse-early';
import type { Session } from '../shapes';
import { LATE, withTimeout } from '../with-timeout';
import { readSession } from './read-sessions';

/**
 * Starts a session: quota is decided and reserved in one transaction, and only after its commit is a machine made.
 * Returns the session; one that already starts or runs comes back unchanged, and so does a repeated idempotency key.
 * Throws NOT_FOUND, QUOTA_EXCEEDED, TRIAL_EXHAUSTED, SESSION_LIMIT_REACHED, SESSION_STOPPING, ACCOUNT_BLOCKED,
 * ACCOUNT_PENDING, EMAIL_UNCONFIRMED, IDEMPOTENCY_MISMATCH, QUOTA_UNAVAILABLE, NO_CAPACITY, PROVIDER_UNAVAILABLE.
 */
export async function startSession(ctx: Ctx, input: StartInput): Promise<Session> {
  const admission = await admit(ctx, input);
  if (admission.kind === 'replayed' && admission.failure) throw failedToLaunch(admission.failure);
  if (admission.kind === 'admitted') {
    metrics.leasesGranted.inc({ at: 'start' });
    const failure = await onceAdmitted(() => launchRun(ctx, admission));
    if (failure) throw failedToLaunch(failure);
  }
  return onceAdmitted(() => readSession(ctx.sql, input.accountId, input.sessionId));
}

/** Once a slot is taken nobody may be told that nothing was started. */
async function onceAdmitted<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const isAway =
      error instanceof DomainError ? error.reason === 'QUOTA_UNAVAILABLE' : isDatabaseAway(error);
    throw isAway ? quotaUnavailable(MAY_HAVE_STARTED) : error;
  }
}

const MAY_HAVE_STARTED =
  'Our database cannot be reached right now. The session may have been started: look at it before you try again.';

async function admit(ctx: Ctx, input: StartInput): Promise<Admission> {
  try {
    return (await refuseEarly(ctx, input)) ?? (await inTurn(ctx, input));
  } catch (error) {
    if (error instanceof DomainError) metrics.startsRefused.inc({ reason: error.reason });
    throw error;
  }
}

/** The decision that is under way in this process, by account. */
const underWay = new Map<string, Promise<unknown>>();
/** The longest that one start waits for those before it, in ms: PostgreSQL's lock keeps the order beyond that. */
const LONGEST_TURN_MS = 1_000;

/**
 * Decides under the account's lock. Starts of one account in this process wait here for each other, and not with a connection
 * each: after every decision the others are answered without a lock, if by then they are refused.
 */
async function inTurn(ctx: Ctx, input: StartInput): Promise<Admission> {
  const { accountId } = input;
  const giveUpAt = performance.now() + LONGEST_TURN_MS;
  for (let other = underWay.get(accountId); other; other = underWay.get(accountId)) {
    const leftMs = giveUpAt - performance.now();
    if (leftMs <= 0 || (await withTimeout(other, leftMs)) === LATE) break;
    const answer = await refuseEarly(ctx, input);
    if (answer) return answer;
  }
  const decision = inTx(ctx, (tx) => admitRun(tx, input));
  const settled = decision.catch(() => {});
  underWay.set(accountId, settled);
  try {
    return await decision;
  } finally {
    if (underWay.get(accountId) === settled) underWay.delete(accountId);
  }
}

function failedToLaunch(reason: Reason): DomainError {
  return reason === 'NO_CAPACITY'
    ? new DomainError(
        'NO_CAPACITY',
        'No machine is free in this region right now. Nothing was charged; try again in a moment.',
      )
    : new DomainError(
        'PROVIDER_UNAVAILABLE',
        'The machine could not be made right now. Nothing was charged; try again in a moment.',
      );
}
