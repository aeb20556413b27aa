import type { Plan } from '../shapes';

/**
 * Returns the direction of a change of plan: up is charged and takes effect at once, down takes effect at the end of
 * the period. Ranks are unique; between old rows that share one, the change is down and costs nothing now. Pure.
 */
export const directionOf = (
  from: Pick<Plan, 'sort'> | null | undefined,
  to: Pick<Plan, 'sort'>,
): Direction => (!from || to.sort > from.sort ? 'up' : 'down');

export type Direction = 'up' | 'down';
