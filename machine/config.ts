/** The configuration of a machine, read once from its environment; the token is then removed from there. */

export type Config = {
  apiUrl: string;
  runId: string;
  runToken: string;
  leaseMs: number;
  guardMs: number;
  idleMs: number | null;
  sessionId: string;
  sessionName: string;
  agent: string;
  /** Whether the session has variables, which the agent fetches from the service. */
  asksEnvironment: boolean;
  port: number;
  workspace: string;
  /** Whether other machines run on the same computer, so that not every process belongs to this one. */
  isShared: boolean;
};

const positive = (text: string | undefined): number | null => {
  const value = Number(text);
  return text !== undefined && text !== '' && Number.isFinite(value) && value > 0 ? value : null;
};

/**
 * Returns the configuration, or the names of missing variables. Removes the token from `source`, so that no child inherits
 * it.
 */
export function takeConfig(source: Record<string, string | undefined>): Config | { missing: string[] } {
  const needed = [
    'HOURGLASS_API_URL',
    'HOURGLASS_RUN_ID',
    'HOURGLASS_RUN_TOKEN',
    'HOURGLASS_LEASE_MS',
    'HOURGLASS_GUARD_MS',
  ];
  const missing = needed.filter((name) => !source[name]);
  if (missing.length > 0) return { missing };
  const config: Config = {
    apiUrl: (source.HOURGLASS_API_URL ?? '').replace(/\/+$/, ''),
    runId: source.HOURGLASS_RUN_ID ?? '',
    runToken: source.HOURGLASS_RUN_TOKEN ?? '',
    leaseMs: positive(source.HOURGLASS_LEASE_MS) ?? 0,
    guardMs: positive(source.HOURGLASS_GUARD_MS) ?? 0,
    idleMs: positive(source.HOURGLASS_IDLE_MS),
    sessionId: source.HOURGLASS_SESSION_ID ?? '',
    sessionName: source.HOURGLASS_SESSION_NAME ?? 'session',
    agent: source.HOURGLASS_AGENT ?? 'bash',
    asksEnvironment: source.HOURGLASS_ASKS_ENVIRONMENT === '1',
    port: positive(source.PORT) ?? 8080,
    workspace: source.HOURGLASS_WORKSPACE ?? '/workspace',
    isShared: source.HOURGLASS_SHARED === '1',
  };
  delete source.HOURGLASS_RUN_TOKEN;
  return config;
}

const KEPT = ['PATH', 'LANG', 'LC_ALL', 'TZ', 'HOURGLASS_SESSION_ID', 'HOURGLASS_SESSION_NAME'];

/** Returns the environment of a shell: what a user needs, without the machine's or the provider's own variables. */
export function shellEnv(
  source: Record<string, string | undefined>,
  workspace: string,
  home: string,
): Record<string, string> {
  const env: Record<string, string> = {
    TERM: 'xterm-256color',
    COLORTERM: 'truecolor',
    LANG: 'C.UTF-8',
    SHELL: '/bin/bash',
    // A deep folder does not fill the line on a phone.
    PROMPT_DIRTRIM: '2',
  };
  for (const name of KEPT) if (source[name]) env[name] = source[name];
  env.HOME = home;
  env.WORKSPACE = workspace;
  return env;
}
