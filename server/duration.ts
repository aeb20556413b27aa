/**
 * Returns `3 h 12 min`; under an hour `12 min 05 s`; under a minute `42 s`. Rounds down, so that the time shown is
 * always available.
 */
export function formatDuration(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const h = Math.floor(whole / 3600);
  const min = Math.floor((whole % 3600) / 60);
  const s = whole % 60;
  if (h > 0) return min > 0 ? `${h} h ${min} min` : `${h} h`;
  if (min > 0) return `${min} min ${String(s).padStart(2, '0')} s`;
  return `${s} s`;
}

/** Returns a plan's allowance: `40 h`, `90 min`, or `no limit`. */
export function formatAllowance(seconds: number | null): string {
  if (seconds === null) return 'no limit';
  return formatDuration(seconds).replace(/ 00 s$/, '');
}
