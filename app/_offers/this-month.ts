import { formatAllowance } from '../_format/duration';

type Given = { monthlySeconds: number | null; thisMonthSeconds: number | null };

/** From this many seconds on, an allowance is shown in whole hours. */
const WHOLE_HOURS_FROM = 10 * 3600;

/** Returns `27 h this month, 160 h from 1 Dec`; empty for a plan that gives as much this month as every month. Pure. */
export function thisMonthText({ monthlySeconds, thisMonthSeconds }: Given, from: string): string {
  if (monthlySeconds === null || thisMonthSeconds === null || monthlySeconds === thisMonthSeconds) return '';
  return `${thisMonth(thisMonthSeconds)}, ${formatAllowance(monthlySeconds)} from ${from}`;
}

/** Returns `27 h this month`, rounded down. */
export function thisMonth(seconds: number): string {
  const shown =
    seconds >= WHOLE_HOURS_FROM ? Math.floor(seconds / 3600) * 3600 : Math.floor(seconds / 60) * 60;
  return `${formatAllowance(shown)} this month`;
}
