import type { OpenRun } from '../../quota/account-state';
import type { Move } from './move';

/**
 * Records the machine of a run from a read of the provider: the first one stays, and the run no longer counts as
 * missing.
 */
export const showMachine = (run: OpenRun, machineId: string): Move => ({
  run: { machineId: run.machineId ?? machineId, missingSince: null },
  books: [],
});
