import type { Rates } from './http/rate';
import type { Jobs } from './jobs';

/** No queue at all: for tests and commands, where the sweep alone must be enough. */
export const noJobs: Jobs = { wakeRun: async () => {}, ping: async () => {}, close: async () => {} };

/** No limits: for commands and tests that count something else. */
export const noRates: Rates = {
  takeStart: async () => {},
  takeCalls: async () => {},
  takeBilling: async () => {},
  takeRefusedKeys: async () => {},
  takeConnect: async () => {},
  takeAgentCall: async () => {},
  takeSignIn: async () => {},
  forgetSignIn: async () => {},
  takeEmail: async () => {},
  takeSignUp: async () => {},
  close: async () => {},
};
