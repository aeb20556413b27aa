import { toIso } from '../clock';
import type { Ctx } from '../context';
import { DomainError } from '../errors';
import { metrics } from '../metrics';
import { type AccountState, isClockBehind } from '../quota/account-state';
import { NOT_YET_KNOWN } from '../quota/load-account';
import { KEPT, type StartReason } from '../shapes';
import { describeStanding } from './batch-status';

/** The refusal of a start as an error with the figures and the way out. */
export function refuseStart(ctx: Pick<Ctx, 'env'>, state: AccountState, reason: StartReason): DomainError {
  const { quota, limits, upgrade } = describeStanding(ctx, state);
  switch (reason) {
    case 'QUOTA_EXCEEDED':
      return new DomainError(
        reason,
        `The compute quota of your ${quota.plan.name} plan is used up: ${hours(quota.usedSeconds)} of ${hours(quota.quotaSeconds ?? 0)} this month. It resets on ${quota.periodEnd.slice(0, 10)} at 00:00 UTC; a bigger plan goes on at once.`,
        { quota, upgrade },
      );
    case 'TRIAL_EXHAUSTED':
      return new DomainError(
        reason,
        `Your trial is used up: ${hours(quota.usedSeconds)} of ${hours(quota.quotaSeconds ?? 0)}. Choose a plan to go on at once.`,
        { quota, upgrade },
      );
    case 'SESSION_LIMIT_REACHED':
      return new DomainError(
        reason,
        `Your ${quota.plan.name} plan runs ${limits.maxSessions} at once, and ${limits.activeSessions} ${limits.activeSessions === 1 ? 'is' : 'are'} active. Stop one first, or choose a bigger plan.`,
        { limits, upgrade },
      );
    case 'ACCOUNT_BLOCKED':
      return new DomainError(reason, 'This account is blocked. Write to support to have it looked at.');
    case 'ACCOUNT_PENDING':
      return new DomainError(
        reason,
        'This account is waiting for approval. You can start as soon as an administrator has approved it.',
      );
    case 'QUOTA_UNAVAILABLE':
      if (isClockBehind(state)) return clockBehind();
      return new DomainError(reason, `${heldBackSentence(state)} Nothing was started. ${KEPT}`);
  }
}

/** The answer to everything that would be granted by a clock that was set back; counted, for somebody has to set it right. */
export function clockBehind(): DomainError {
  metrics.clockRefusals.inc();
  return new DomainError(
    'QUOTA_UNAVAILABLE',
    `The clock of our database was set back, so your quota cannot be counted right now. Nothing was started. Try again in a moment. ${KEPT}`,
  );
}

/** Why nothing is granted after a restore, and until when. Pure. */
export function heldBackSentence({ grantingFrom }: AccountState): string {
  const until =
    grantingFrom === NOT_YET_KNOWN
      ? 'in about a quarter of an hour'
      : `at ${toIso(grantingFrom).slice(11, 16)} UTC`;
  return `Our database was restored from a copy: no time is given out before every machine it may not know of has ended, ${until}.`;
}

/** `3 h 12 min`, or `12 min 05 s` under an hour. */
function hours(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const h = Math.floor(whole / 3600);
  const min = Math.floor((whole % 3600) / 60);
  if (h > 0) return min > 0 ? `${h} h ${min} min` : `${h} h`;
  return `${min} min ${String(whole % 60).padStart(2, '0')} s`;
}
