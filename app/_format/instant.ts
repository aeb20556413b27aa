const DAY_MS = 86_400_000;

/** Returns `14:32` in the visitor's time zone, with the day when it is not today. */
export function formatTime(iso: string, now: number, timeZone?: string): string {
  const at = new Date(iso);
  const time = at.toLocaleTimeString('en-GB', { hour: '2-digit', minute: '2-digit', timeZone });
  const sameDay =
    at.toLocaleDateString('en-GB', { timeZone }) === new Date(now).toLocaleDateString('en-GB', { timeZone });
  return sameDay ? time : `${formatDay(iso, timeZone)}, ${time}`;
}

/** Returns `1 Dec` in the visitor's time zone. */
export const formatDay = (iso: string, timeZone?: string): string =>
  new Date(iso).toLocaleDateString('en-GB', { day: 'numeric', month: 'short', timeZone });

/** Returns a reset as its date and the time until it: `1 Dec, in 6 days`. The date is in UTC, like the month. */
export function formatReset(iso: string, now: number): string {
  const left = new Date(iso).getTime() - now;
  const days = Math.floor(left / DAY_MS);
  const hours = Math.max(0, Math.floor(left / 3_600_000));
  const distance =
    days >= 1
      ? `in ${days} ${days === 1 ? 'day' : 'days'}`
      : hours >= 1
        ? `in ${hours} h`
        : 'in less than an hour';
  return `${formatDay(iso, 'UTC')}, ${distance}`;
}

/** Returns `2026-12-01 00:00 UTC`, for tooltips. */
export const formatUtc = (iso: string): string => `${iso.slice(0, 10)} ${iso.slice(11, 16)} UTC`;
