import type { Plan } from '@/server/shapes';
import { formatAllowance } from '../_format/duration';

/** Returns how a plan differs from another: `+40 h a month, +1 session`. Empty for equal plans. Pure. */
export function planDifference(plan: Plan, current: Plan | null): string {
  if (!current || plan.id === current.id) return '';
  const parts: string[] = [];
  if (plan.monthlySeconds !== null && current.monthlySeconds !== null) {
    const more = plan.monthlySeconds - current.monthlySeconds;
    if (more !== 0) parts.push(`${more > 0 ? '+' : '−'}${formatAllowance(Math.abs(more))} a month`);
  }
  // An allowance given once is added to the monthly one.
  if (plan.onceSeconds !== null) parts.push(`+${formatAllowance(plan.onceSeconds)} once`);
  else if (plan.monthlySeconds === null && (current.monthlySeconds ?? current.onceSeconds) !== null)
    parts.push('no time limit');
  const sessions = plan.maxSessions - current.maxSessions;
  const count = Math.abs(sessions);
  if (sessions !== 0)
    parts.push(`${sessions > 0 ? '+' : '−'}${count} ${count === 1 ? 'session' : 'sessions'}`);
  const storage = plan.storageGb - current.storageGb;
  if (storage !== 0) parts.push(`${storage > 0 ? '+' : '−'}${Math.abs(storage)} GB of files`);
  return parts.join(', ');
}
