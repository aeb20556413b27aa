const DAY_MS = 86_400_000;

/** `14:32` in the visitor's zone; with the day when it is not today. */
export function formatTime(iso: string, now: number, timeZone?: string): string {
  const at = new Date(iso);
  const time = at.toLocaleTimeString('en-GB', { hour: '2-digit', minute: '2-digit', timeZone });
  const sameDay =
    at.toLocaleDateString('en-GB', { timeZone }) === new Date(now).toLocaleDateString('en-GB', { timeZone });
  return sameDay ? time : `${formatDay(iso, timeZone)}, ${time}`;
}

/** `1 Dec` in the visitor's zone. */
export const formatDay = (iso: string, timeZone?: string): string =>
  new Date(iso).toLocaleDateString('en-GB', { day: 'numeric', month: 'short', timeZone });

/** A reset is a date and a distance: `1 Dec, in 6 days`. The date is that of the UTC month it belongs to. */
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

/** `2026-12-01 00:00 UTC`, for a hover. */
export const formatUtc = (iso: string): string => `${iso.slice(0, 10)} ${iso.slice(11, 16)} UTC`;
