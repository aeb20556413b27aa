import { type BatchStatus, KEPT, type Limits, type Quota, TRIAL_PLAN } from '@/server/shapes';
import { formatDuration } from '../_format/duration';
import { formatReset } from '../_format/instant';

export type Explanation = {
  title: string;
  text: string;
  /** Set where the email that confirms the address is the way on. */
  resend?: true;
};
type Standing = { reason: string | null; message?: string; quota?: Quota; limits?: Limits };

/** Why nothing can be started, with the figure and the date: the same words on every control. Null when a start is fine. */
export function explain({ reason, message, quota, limits }: Standing, now: number): Explanation | null {
  if (reason === null && !message) return null;
  switch (reason) {
    case 'QUOTA_EXCEEDED':
      return {
        title: 'Your compute quota is used up',
        text: quota
          ? `${formatDuration(quota.usedSeconds)} of ${formatDuration(quota.quotaSeconds ?? 0)} are used. It resets on ${formatReset(quota.periodEnd, now)} (00:00 UTC).`
          : (message ?? ''),
      };
    case 'TRIAL_EXHAUSTED':
      return {
        title: 'Your trial is used up',
        text: quota
          ? `${formatDuration(quota.usedSeconds)} of ${formatDuration(quota.quotaSeconds ?? 0)} are used. A plan lets you go on at once.`
          : (message ?? ''),
      };
    case 'SESSION_LIMIT_REACHED':
      return {
        title: 'All your sessions are in use',
        text: limits
          ? `${limits.activeSessions} of ${limits.maxSessions} ${limits.maxSessions === 1 ? 'session is' : 'sessions are'} active. Stop one first, or choose a bigger plan.`
          : (message ?? ''),
      };
    case 'ACCOUNT_BLOCKED':
      return {
        title: 'This account is blocked',
        text: 'Nothing can be started. Write to support to have it looked at.',
      };
    case 'ACCOUNT_PENDING':
      return {
        title: 'This account waits for approval',
        text: 'You can start as soon as an administrator has approved it.',
      };
    case 'EMAIL_UNCONFIRMED':
      return {
        title: 'Confirm your address first',
        text: 'Sessions start once your address is confirmed. Open the link in the email we sent you.',
        resend: true,
      };
    case 'QUOTA_UNAVAILABLE':
      return {
        title: 'Nothing can be started for a moment',
        text:
          message ??
          `Our database was restored from a copy. Sessions can be started again, within minutes, when every machine it may not know of has ended. ${KEPT}`,
      };
    default:
      return { title: 'This did not work', text: message ?? '' };
  }
}

/** False for an allowance that is given once: it has no day on which it begins anew. */
export const isRenewed = (quota: Quota): boolean => quota.plan.id !== TRIAL_PLAN;

/** The explanation of today's status, or null while a start is allowed. */
export const explainStatus = (status: BatchStatus, now: number): Explanation | null =>
  status.start.allowed
    ? null
    : explain({ reason: status.start.reason, quota: status.quota, limits: status.limits }, now);
