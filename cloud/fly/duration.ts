const unitMs: Record<string, number> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};

/**
 * Returns the milliseconds of a Go duration: a string such as `1m30s`, or a number of nanoseconds. Returns null for
 * any other value.
 */
export function parseGoDuration(value: unknown): number | null {
  if (typeof value === 'number') return Number.isFinite(value) ? value / 1e6 : null;
  if (typeof value !== 'string') return null;
  if (value === '0') return 0;
  if (!/^(\d+(\.\d+)?(ns|us|µs|ms|s|m|h))+$/.test(value)) return null;
  let sum = 0;
  for (const part of value.matchAll(/(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h)/g)) {
    sum += Number(part[1]) * (unitMs[part[2] as string] ?? 0);
  }
  return sum;
}
