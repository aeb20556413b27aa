import type { Plan } from '../shapes';

/**
 * Which way a change of plan goes: up is charged and in force at once, down waits for the end of the period. Ranks are
 * unique; where old rows share one, the change is down and costs nothing now. Pure.
 */
export const directionOf = (
  from: Pick<Plan, 'sort'> | null | undefined,
  to: Pick<Plan, 'sort'>,
): Direction => (!from || to.sort > from.sort ? 'up' : 'down');

export type Direction = 'up' | 'down';
