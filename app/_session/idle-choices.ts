import type { Plan } from '@/server/shapes';

const USUAL_SECONDS = [900, 1_800, 3_600, 7_200, 14_400, 28_800, 43_200, 86_400];

/** What may be chosen as idle stop within a plan, shortest first; `chosen` is among it. Pure. */
export function idleChoices(
  { minSeconds, maxSeconds, defaultSeconds }: Plan['idleStop'],
  chosen?: number,
): number[] {
  const usual = USUAL_SECONDS.filter((seconds) => seconds > minSeconds && seconds < maxSeconds);
  const all = new Set([minSeconds, ...usual, defaultSeconds, maxSeconds, ...(chosen ? [chosen] : [])]);
  return [...all].toSorted((a, b) => a - b);
}

/** For how many seconds a session can be kept awake: usual times, and the longest the plan allows; one hour while that is not known. Pure. */
export function keepAwakeChoices(maxSeconds: number | undefined): number[] {
  if (maxSeconds === undefined) return [3_600];
  return [...USUAL_SECONDS.filter((seconds) => seconds >= 3_600 && seconds < maxSeconds), maxSeconds];
}
