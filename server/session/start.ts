import { isDatabaseAway } from '@/db/away';
import { type Ctx, inTx } from '../context';
import { DomainError, quotaUnavailable, type Reason } from '../errors';
import { metrics } from '../metrics';
import { type Admission, admitRun, type StartInput } from '../run/admit';
import { launchRun } from '../run/launch';
import type { Session } from '../shapes';
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
    return await inTx(ctx, (tx) => admitRun(tx, input));
  } catch (error) {
    if (error instanceof DomainError) metrics.startsRefused.inc({ reason: error.reason });
    throw error;
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
