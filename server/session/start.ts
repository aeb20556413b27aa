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
 * Starts a session: quota is decided and reserved in one transaction, and the machine is created only after its commit.
 * Returns the session; one that already starts or runs is returned unchanged, and so is a repeated idempotency key.
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

/** Once a run is admitted, an error must not claim that nothing was started. */
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
  'Our database cannot be reached right now. The session may have been started: check it before you try again.';

async function admit(ctx: Ctx, input: StartInput): Promise<Admission> {
  try {
    return (await refuseEarly(ctx, input)) ?? (await inTurn(ctx, input));
  } catch (error) {
    if (error instanceof DomainError) metrics.startsRefused.inc({ reason: error.reason });
    throw error;
  }
}

/** The decision in progress in this process, by account. */
const underWay = new Map<string, Promise<unknown>>();
/** Longest wait for earlier starts of the account, in ms; beyond it PostgreSQL's lock keeps the order. */
const MAX_QUEUE_WAIT_MS = 1_000;

/**
 * Decides under the account's lock. Starts of one account in this process queue here, so that they do not each hold a
 * connection. After every decision the waiting ones are answered without a lock if they are refused by then.
 */
async function inTurn(ctx: Ctx, input: StartInput): Promise<Admission> {
  const { accountId } = input;
  const giveUpAt = performance.now() + MAX_QUEUE_WAIT_MS;
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
        'No machine is available in this region right now. Nothing was charged; try again in a moment.',
      )
    : new DomainError(
        'PROVIDER_UNAVAILABLE',
        'The machine could not be created right now. Nothing was charged; try again in a moment.',
      );
}
