import { refusalWords, type Words } from '@/server/quota/refusal-words';
import {
  type BatchStatus,
  type Limits,
  type Quota,
  START_REASONS,
  type StartReason,
  TRIAL_PLAN,
} from '@/server/shapes';
import { formatReset } from '../_format/instant';

export type Explanation = Words & { reason: string | null };
type Standing = { reason: string | null; message?: string; quota?: Quota; limits?: Limits };

const isStartReason = (reason: string | null): reason is StartReason =>
  START_REASONS.some((known) => known === reason);

/**
 * Returns why nothing can be started, with figure and date, in the words every control uses. Null when a start is
 * allowed.
 */
export function explain(standing: Standing, now: number, supportEmail?: string): Explanation | null {
  const { reason, message } = standing;
  if (reason === null && !message) return null;
  if (!isStartReason(reason)) return { reason, title: 'This did not work', text: message ?? '' };
  const words = refusalWords(reason, standing, { day: (iso) => formatReset(iso, now), supportEmail });
  // Only the server knows until when, so its message is shown.
  if (reason === 'QUOTA_UNAVAILABLE' && message) return { reason, title: words.title, text: message };
  return { reason, ...words };
}

/** False for an allowance that is given once and never resets. */
export const isRenewed = (quota: Quota): boolean => quota.plan.id !== TRIAL_PLAN;

/** Returns the explanation of the current status, or null while a start is allowed. */
export const explainStatus = (status: BatchStatus, now: number, supportEmail?: string): Explanation | null =>
  status.start.allowed
    ? null
    : explain({ reason: status.start.reason, quota: status.quota, limits: status.limits }, now, supportEmail);
