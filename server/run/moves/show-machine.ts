import type { OpenRun } from '../../quota/account-state';
import type { Move } from './move';

/** A read of the provider shows the machine of a run: the first one stays, and nothing is missing. */
export const showMachine = (run: OpenRun, machineId: string): Move => ({
  run: { machineId: run.machineId ?? machineId, missingSince: null },
  books: [],
});
