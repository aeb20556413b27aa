import type { Agent, EndReason, SessionStatus, StopCause } from '@/server/shapes';

/** The label and colour of a session's state; colour is never the only signal. */
export const STATUS_WORDS: Record<SessionStatus, { label: string; color: string }> = {
  stopped: { label: 'Stopped', color: 'gray' },
  starting: { label: 'Starting', color: 'blue' },
  running: { label: 'Running', color: 'green' },
  stopping: { label: 'Stopping', color: 'yellow' },
  failed: { label: 'Failed', color: 'red' },
};

export const AGENT_WORDS: Record<Agent, string> = {
  bash: 'Plain shell',
  'claude-code': 'Claude Code',
  codex: 'Codex',
  gemini: 'Gemini',
  opencode: 'OpenCode',
};

/** Why a session stopped, and the remedy where there is one. */
export const END_WORDS: Record<EndReason, string> = {
  user: 'Stopped by you.',
  quota: 'Stopped because the compute quota was used up.',
  idle: 'Stopped because it was idle: nobody typed for a while.',
  limit:
    'Stopped because its reserved time was not renewed: the machine could not reach the service. Start it again.',
  plan: 'Stopped because the plan no longer covers it.',
  blocked: 'Stopped because the account is blocked.',
  boot_timeout: 'The machine took too long to start. Nothing was charged; start it again.',
  machine_exit: 'The machine ended by itself.',
  provider: 'The provider could not keep the machine. Start it again.',
  deleted: 'Deleted.',
};

/** The short cause beside "stops 14:32". */
export const CAUSE_WORDS: Record<StopCause, string> = {
  quota: 'quota',
  idle: 'idle',
  plan: 'plan',
  user: 'stopped by you',
};
