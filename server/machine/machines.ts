import type { Instant } from '../clock';
import type { Size } from '../shapes';

/** The port to whoever runs machines. Two adapters keep it: Fly over HTTP, and a twin in memory for unit tests. */

export type MachineState =
  | 'created'
  | 'starting'
  | 'started'
  | 'stopping'
  | 'stopped'
  | 'failed'
  | 'destroying'
  | 'destroyed'
  | 'unknown';

/** One thing the provider says happened, by its own id and clock. */
export type MachineEvent = {
  id: string;
  type: 'launch' | 'start' | 'exit' | 'destroy' | 'other';
  at: Instant;
  exitCode?: number;
  requestedStop?: boolean;
  outOfMemory?: boolean;
};

export type Machine = {
  id: string;
  app: string;
  name: string;
  state: MachineState;
  region: string;
  /** 0 when the provider did not say. */
  createdAt: Instant;
  /** From the machine's metadata; null on machines that are not ours. */
  runId: string | null;
  sessionId: string | null;
  environmentId: string | null;
  /** The installation that made it; null on machines of an older build. */
  installationId: string | null;
  /** Newest last. Empty in listings. */
  events: MachineEvent[];
  /** False while the host does not answer: the state is then only the last known one. */
  hostReachable: boolean;
};

export type LaunchOrder = {
  app: string;
  installationId: string;
  runId: string;
  sessionId: string;
  region: string;
  size: Size;
  env: Record<string, string>;
  /** Known volume of the session, or null to find or make it. */
  volumeId: string | null;
  /** True when an earlier run may have made a volume that nobody heard of. */
  ranBefore: boolean;
  storageGb: number;
  graceSeconds: number;
};

export type Launched = { machineId: string; region: string; volumeId: string };

/**
 * Why a call did not do its work.
 * `no_capacity`, `unavailable`: surely nothing was made or changed. `ambiguous`: the answer was lost, anything may be true.
 */
export type MachineFailure = {
  kind: 'no_capacity' | 'unavailable' | 'not_found' | 'refused' | 'rate_limited' | 'ambiguous';
  message: string;
  status?: number;
};

export type Outcome<T> = { ok: true; value: T } | { ok: false; failure: MachineFailure };

/** The disk of a session, as a listing shows it. */
export type Volume = {
  id: string;
  app: string;
  name: string;
  region: string;
  /** 0 when the provider did not say. */
  createdAt: Instant;
  attachedMachineId: string | null;
  /** True once the provider has begun to remove it. */
  isGone: boolean;
};

export type ListPage<T> = {
  items: T[];
  nextCursor: string | null;
  /** False: never conclude that what it does not show is gone. */
  complete: boolean;
};

export type Machines = {
  /**
   * Makes app, volume and machine of a run, each at most once: a second call with the same run adopts what the first
   * made. `stillWanted` is asked before each create. When it says no the launch ends: as refused while no machine was
   * asked for, as ambiguous once the answer to such a create was lost.
   */
  launch(order: LaunchOrder, stillWanted: () => Promise<boolean>): Promise<Outcome<Launched>>;
  /** The machine of a run by name and metadata, or null when this read did not show one. */
  findByRun(app: string, runId: string): Promise<Outcome<Machine | null>>;
  /** The machine with its events, or null when the provider says there never was or no longer is one. */
  get(app: string, machineId: string): Promise<Outcome<Machine | null>>;
  /** Sends the stop signal; the provider kills after the grace. Ok also when it is already stopping or gone. */
  stop(app: string, machineId: string, graceSeconds: number): Promise<Outcome<void>>;
  /** Kills and removes at once. Ok also when it is already gone. */
  destroy(app: string, machineId: string): Promise<Outcome<void>>;
  /** One page of all machines of the organisation, without events. A page may be short or empty with more to come. */
  list(cursor: string | null): Promise<Outcome<ListPage<Machine>>>;
  /** One page of all volumes of the organisation. */
  listVolumes(cursor: string | null): Promise<Outcome<ListPage<Volume>>>;
  /** The volume, or null when the provider knows none. */
  getVolume(app: string, volumeId: string): Promise<Outcome<Volume | null>>;
  deleteVolume(app: string, volumeId: string): Promise<Outcome<void>>;
  deleteApp(app: string): Promise<Outcome<void>>;
  close(): Promise<void>;
};

/** The provider app of an account: one per account, on its own network. */
export const appNameOf = (environmentId: string, accountId: string): string =>
  `hg-${environmentId}-${accountId}`;

/** The account whose app this is by its name, or null. Only that account's row proves that the app is ours. */
export function accountIdOf(environmentId: string, app: string): string | null {
  const start = appNameOf(environmentId, '');
  return app.startsWith(start) && app.length > start.length ? app.slice(start.length) : null;
}

/** The volume name of a session: at most 30 of `a-z 0-9 _`, so the end of the id, where its randomness is. */
export const volumeNameOf = (sessionId: string): string =>
  `s_${sessionId
    .toLowerCase()
    .replace(/[^a-z0-9]/g, '')
    .slice(-26)}`;

/** The name under which a run's machine is made; the provider keeps live names unique. */
export const machineNameOf = (runId: string): string => `run-${runId}`;
