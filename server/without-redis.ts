import type { Rates } from './http/rate';
import type { Jobs } from './jobs';

/** A queue that drops every job: for tests and commands, where the sweep alone must be enough. */
export const noJobs: Jobs = { wakeRun: async () => {}, ping: async () => {}, close: async () => {} };

/** Rate limits that never refuse: for commands, and for tests of other behaviour. */
export const noRates: Rates = {
  takeStart: async () => {},
  takeCalls: async () => {},
  takeBilling: async () => {},
  takeRefusedKeys: async () => {},
  takeConnect: async () => {},
  takeClientError: async () => {},
  takeAgentCall: async () => {},
  takeSignIn: async () => {},
  forgetSignIn: async () => {},
  takeEmail: async () => {},
  takeSignUp: async () => null,
  close: async () => {},
};
