import type { AccountState, OpenRun } from './account-state';

/** Returns the runs that a smaller plan no longer covers: the newest of those that are not ending yet. Pure. */
function excessRuns(state: AccountState): OpenRun[] {
  const living = state.openRuns.filter((run) => run.status !== 'stopping');
  const newestFirst = living.toSorted((a, b) => b.admittedAt - a.admittedAt || (a.id < b.id ? 1 : -1));
  return newestFirst.slice(0, Math.max(0, living.length - state.plan.maxSessions));
}

/** Returns whether `run` is one of those. Pure. */
export const isExcess = (state: AccountState, run: OpenRun): boolean => excessRuns(state).includes(run);
