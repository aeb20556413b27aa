import { toIso } from '../clock';
import type { Ctx } from '../context';
import { DomainError, type RefusalDetails } from '../errors';
import { KEPT } from '../kept';
import { metrics } from '../metrics';
import type { StartReason } from '../shapes';
import { type AccountState, isClockBehind } from './account-state';
import { describeStanding } from './describe-standing';
import { NOT_YET_KNOWN } from './load-account';
import { refusalWords } from './refusal-words';

/** Returns the refusal of a start as an error with its figures and ways out. */
export function refuseStart(ctx: Pick<Ctx, 'env'>, state: AccountState, reason: StartReason): DomainError {
  const { quota, limits, upgrade } = describeStanding(ctx, state);
  if (reason === 'QUOTA_UNAVAILABLE') {
    if (isClockBehind(state)) return clockBehind();
    return new DomainError(reason, `${heldBackSentence(state)} Nothing was started. ${KEPT}`);
  }
  const reader = { day: (iso: string) => iso.slice(0, 10), supportEmail: ctx.env.SUPPORT_EMAIL };
  const { title, text } = refusalWords(reason, { quota, limits }, reader);
  return new DomainError(reason, `${title}. ${text}`, detailsOf(reason, { quota, limits, upgrade }));
}

/** Returns the figures that belong to a reason. */
function detailsOf(reason: StartReason, { quota, limits, upgrade }: RefusalDetails): RefusalDetails {
  if (reason === 'QUOTA_EXCEEDED' || reason === 'TRIAL_EXHAUSTED') return { quota, upgrade };
  return reason === 'SESSION_LIMIT_REACHED' ? { limits, upgrade } : {};
}

/**
 * Returns the error for a grant while the clock is set back, and counts it, so that an operator is alerted to correct
 * the clock.
 */
export function clockBehind(): DomainError {
  metrics.clockRefusals.inc();
  return new DomainError(
    'QUOTA_UNAVAILABLE',
    `The clock of our database was set back, so your quota cannot be counted right now. Nothing was started. Try again in a moment. ${KEPT}`,
  );
}

/** Returns why nothing is granted after a restore, and until when. Pure. */
export function heldBackSentence({ grantingFrom }: AccountState): string {
  const until =
    grantingFrom === NOT_YET_KNOWN
      ? 'in about a quarter of an hour'
      : `at ${toIso(grantingFrom).slice(11, 16)} UTC`;
  return `Our database was restored from a copy: no time is given out before every machine it may not know of has ended, ${until}.`;
}
