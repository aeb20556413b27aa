import type { AccountState, OpenRun } from '../../quota/account-state';
import type { Metrics } from '../../shapes';
import { activityOf, type Said } from '../idle';
import type { Move } from './move';

type Call = Said & { bootId: string; seq: number; metrics?: Metrics };

/** Records the activity that an agent reports; the call itself is a proof of life. */
export const hearCall = (state: AccountState, run: OpenRun, call: Call): Move => ({
  run: {
    agentBootId: call.bootId,
    agentSeq: call.seq,
    ...activityOf(state, run, call),
    ...(call.metrics ? { metrics: call.metrics } : {}),
    missingSince: null,
  },
  books: [],
});
