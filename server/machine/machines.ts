import type { Instant } from '../clock';
import type { Size } from '../shapes';

/**
 * The port to the provider of machines. The product uses the Fly adapter; tests also use a provider in virtual time
 * (`test/simulation/provider.ts`).
 */

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

/** One event reported by the provider, with its own id and clock. */
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
  /** 0 when the provider did not report it. */
  createdAt: Instant;
  /** From the machine's metadata; null on machines this product did not create. */
  runId: string | null;
  sessionId: string | null;
  environmentId: string | null;
  /** The installation that created the machine; null on machines of an older build. */
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
  /** Known volume of the session, or null to find or create it. */
  volumeId: string | null;
  /** True when an earlier run may have created a volume whose id was lost. */
  ranBefore: boolean;
  storageGb: number;
  graceSeconds: number;
};

export type Launched = { machineId: string; region: string; volumeId: string };

/**
 * Why a call failed. `no_capacity`, `unavailable`: certainly nothing was created or changed. `ambiguous`: the answer
 * was lost, so the change may or may not have been made.
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
  /** 0 when the provider did not report it. */
  createdAt: Instant;
  attachedMachineId: string | null;
  /** True once the provider has begun to remove it. */
  isGone: boolean;
};

export type ListPage<T> = {
  items: T[];
  nextCursor: string | null;
  /** False: an item missing from the page must not be taken as gone. */
  complete: boolean;
};

export type Machines = {
  /**
   * Creates the app, volume and machine of a run, each at most once: a second call with the same run adopts what the
   * first one created. `stillWanted` is called before each create. On false the launch fails: `refused` if no machine
   * was requested yet, `ambiguous` if a create was sent and its answer lost.
   */
  launch(order: LaunchOrder, stillWanted: () => Promise<boolean>): Promise<Outcome<Launched>>;
  /** Returns the machine of a run by name and metadata, or null when this read does not show one. */
  findByRun(app: string, runId: string): Promise<Outcome<Machine | null>>;
  /** Returns the machine with its events, or null when the provider says there is none, or none any more. */
  get(app: string, machineId: string): Promise<Outcome<Machine | null>>;
  /**
   * Sends the stop signal; the provider kills after the grace. Succeeds also when the machine is already stopping or
   * gone.
   */
  stop(app: string, machineId: string, graceSeconds: number): Promise<Outcome<void>>;
  /** Kills and removes at once. Succeeds also when the machine is already gone. */
  destroy(app: string, machineId: string): Promise<Outcome<void>>;
  /**
   * Returns one page of all machines of the organisation, without events. A page may be short or empty with more to
   * come.
   */
  list(cursor: string | null): Promise<Outcome<ListPage<Machine>>>;
  /** Returns one page of all volumes of the organisation. */
  listVolumes(cursor: string | null): Promise<Outcome<ListPage<Volume>>>;
  /** Returns the volume, or null when the provider knows none. */
  getVolume(app: string, volumeId: string): Promise<Outcome<Volume | null>>;
  deleteVolume(app: string, volumeId: string): Promise<Outcome<void>>;
  deleteApp(app: string): Promise<Outcome<void>>;
  close(): Promise<void>;
};

/** Returns the name of an account's app at the provider: one per account, on its own network. */
export const appNameOf = (environmentId: string, accountId: string): string =>
  `hg-${environmentId}-${accountId}`;

/**
 * Returns the account whose app this is by its name, or null. Only the account's row proves that the app belongs to
 * this installation.
 */
export function accountIdOf(environmentId: string, app: string): string | null {
  const start = appNameOf(environmentId, '');
  return app.startsWith(start) && app.length > start.length ? app.slice(start.length) : null;
}

/** Returns the volume name of a session: at most 30 of `a-z 0-9 _`, so the end of the id, which is random. */
export const volumeNameOf = (sessionId: string): string =>
  `s_${sessionId
    .toLowerCase()
    .replace(/[^a-z0-9]/g, '')
    .slice(-26)}`;

/** Returns the machine name of a run; the provider keeps names unique among existing machines. */
export const machineNameOf = (runId: string): string => `run-${runId}`;
