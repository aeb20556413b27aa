import { formatAllowance, formatDuration } from '../duration';
import { KEPT } from '../kept';
import type { Limits, Quota, StartReason } from '../shapes';

/** The wording of a refusal, the same in an API error, at a button, in a dialog and on a page. */
export type Words = { title: string; text: string };

export type Standing = { quota?: Quota; limits?: Limits };

export type Reader = {
  /** Formats the day of a reset for this reader. */
  day: (iso: string) => string;
  supportEmail?: string | undefined;
};

/**
 * Returns used and remaining time as shown: a remainder too small for a start counts as used, so an exhausted quota
 * reads `4 h of 4 h used, 0 s left`. With packs the whole is used plus remaining time. `quota` itself holds the
 * ledger's figures. Pure.
 */
export function shownFigures({ level, quotaSeconds, usedSeconds, remainingSeconds, percent }: Quota) {
  if (quotaSeconds === null) return { usedSeconds, leftSeconds: null, wholeSeconds: null, percent };
  if (level === 'exhausted') {
    const used = Math.max(usedSeconds, quotaSeconds);
    return { usedSeconds: used, leftSeconds: 0, wholeSeconds: used, percent: 100 };
  }
  const leftSeconds = remainingSeconds ?? 0;
  return {
    usedSeconds,
    leftSeconds,
    wholeSeconds: Math.max(quotaSeconds, usedSeconds + leftSeconds),
    percent,
  };
}

/** Returns the title and text of a refusal. Pure. */
export function refusalWords(reason: StartReason, standing: Standing, reader: Reader): Words {
  const { quota, limits } = standing;
  switch (reason) {
    case 'QUOTA_EXCEEDED':
      return quota && quota.level !== 'exhausted' ? restInUse(quota, reader) : usedUp(quota, reader);
    case 'TRIAL_EXHAUSTED':
      return {
        title: 'Your trial is used up',
        text: `${quota ? `${figures(quota)}. ` : ''}A plan or a pack lets you go on at once.`,
      };
    case 'SESSION_LIMIT_REACHED':
      return atLimit(limits);
    case 'ACCOUNT_BLOCKED':
      return {
        title: 'This account is blocked',
        text: `Nothing can be started. Write to ${reader.supportEmail ?? 'support'} to ask why.`,
      };
    case 'ACCOUNT_PENDING':
      return {
        title: 'This account waits for approval',
        text: 'You can start as soon as an administrator has approved it.',
      };
    case 'EMAIL_UNCONFIRMED':
      return {
        title: 'Confirm your address first',
        text: 'Sessions start once your address is confirmed. Open the link in the email we sent you, or have it sent again under Settings.',
      };
    case 'QUOTA_UNAVAILABLE':
      return {
        title: 'Sessions cannot be started right now',
        text: `Our database cannot count your time right now: it was restored from a copy, or its clock was set back. Sessions can be started again within minutes. ${KEPT}`,
      };
  }
}

function figures(quota: Quota): string {
  const { usedSeconds, leftSeconds, wholeSeconds } = shownFigures(quota);
  return `${formatDuration(usedSeconds)} of ${formatAllowance(wholeSeconds)} used, ${formatDuration(leftSeconds ?? 0)} left`;
}

function usedUp(quota: Quota | undefined, { day }: Reader): Words {
  const text = quota ? `${figures(quota)}. It resets on ${day(quota.periodEnd)} (00:00 UTC).` : '';
  return { title: 'Your compute quota is used up', text };
}

/** The wording for remaining time that is reserved by running sessions. */
function restInUse(quota: Quota, { day }: Reader): Words {
  return {
    title: 'The rest of your compute quota is in use',
    text: `${figures(quota)}, and your running sessions have it. It resets on ${day(quota.periodEnd)} (00:00 UTC).`,
  };
}

function atLimit(limits: Limits | undefined): Words {
  if (!limits) return { title: 'Your plan runs no more sessions at once', text: 'Stop one first.' };
  const { maxSessions, activeSessions } = limits;
  return {
    title: `Your plan runs ${maxSessions} ${maxSessions === 1 ? 'session' : 'sessions'} at once`,
    text: `${activeSessions} ${activeSessions === 1 ? 'is' : 'are'} active. Stop one first, or choose a plan that runs more at once.`,
  };
}
