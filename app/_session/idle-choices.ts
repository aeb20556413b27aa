import type { Plan } from '@/server/shapes';

const USUAL_SECONDS = [900, 1_800, 3_600, 7_200, 14_400, 28_800, 43_200, 86_400];

/** Returns the idle stops a plan allows, in seconds, shortest first; includes `chosen`. Pure. */
export function idleChoices(
  { minSeconds, maxSeconds, defaultSeconds }: Plan['idleStop'],
  chosen?: number,
): number[] {
  const usual = USUAL_SECONDS.filter((seconds) => seconds > minSeconds && seconds < maxSeconds);
  const all = new Set([minSeconds, ...usual, defaultSeconds, maxSeconds, ...(chosen ? [chosen] : [])]);
  return [...all].toSorted((a, b) => a - b);
}

/**
 * Returns for how many seconds a session can be kept awake: usual times and the plan's maximum; one hour while the plan
 * is unknown. Pure.
 */
export function keepAwakeChoices(maxSeconds: number | undefined): number[] {
  if (maxSeconds === undefined) return [3_600];
  return [...USUAL_SECONDS.filter((seconds) => seconds >= 3_600 && seconds < maxSeconds), maxSeconds];
}
