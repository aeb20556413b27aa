/** The records of the local cloud. All instants are milliseconds since the epoch. */

export type MachineState =
  | 'created'
  | 'starting'
  | 'started'
  | 'stopping'
  | 'stopped'
  | 'failed'
  | 'destroying'
  | 'destroyed';

export type BehaviourKind = 'normal' | 'silent' | 'stubborn' | 'crash' | 'stuck_created' | 'slow_boot';

export interface Behaviour {
  kind: BehaviourKind;
  /** Milliseconds. slow_boot: time spent in `created`; crash: time from the start to the crash. */
  bootDelayMs?: number;
}

interface ServiceConfig {
  internal_port?: number;
  autostart?: boolean;
  ports?: Array<{ port?: number; start_port?: number; end_port?: number; handlers?: string[] }>;
}

export interface MachineConfig {
  image: string;
  env?: Record<string, string>;
  metadata?: Record<string, string>;
  guest?: { cpu_kind?: string; cpus?: number; memory_mb?: number };
  mounts?: Array<{ volume: string; path: string; name?: string }>;
  services?: ServiceConfig[];
  restart?: { policy?: 'no' | 'always' | 'on-failure'; max_retries?: number };
  stop_config?: { signal?: string; timeout?: string | number };
  auto_destroy?: boolean;
  [key: string]: unknown;
}

export interface ExitEvent {
  exit_code?: number;
  guest_signal?: number;
  signal?: number;
  requested_stop?: boolean;
  restarting?: boolean;
  exited_at: string;
}

export interface MachineEvent {
  id: string;
  type: string;
  status: string;
  source: 'user' | 'flyd';
  timestamp: number;
  request: unknown;
}

interface Interval {
  startedAt: number;
  stoppedAt: number | null;
}

export interface ProcessRecord {
  /** Process group of the machine, and pid of its supervisor. */
  groupId: number;
  /** Start time of the supervisor, so that a process with a reused pid is never mistaken for the supervisor. */
  startMark: string;
}

interface LeaseRecord {
  nonce: string;
  owner: string;
  description: string;
  expiresAt: number;
}

export interface MachineRecord {
  id: string;
  name: string;
  app: string;
  region: string;
  state: MachineState;
  instanceId: string;
  privateIp: string;
  config: MachineConfig;
  behaviour: Behaviour;
  skipLaunch: boolean;
  cordoned: boolean;
  createdAt: number;
  updatedAt: number;
  /** Oldest first. */
  events: MachineEvent[];
  /** Every state with the instant it began, for stale reads. */
  history: Array<{ state: MachineState; at: number }>;
  intervals: Interval[];
  port: number | null;
  process: ProcessRecord | null;
  restartCount: number;
  requestedStop: boolean;
  destroyRequested: boolean;
  /** Instant of the SIGKILL that follows a stop. */
  killAt: number | null;
  lease: LeaseRecord | null;
  /** Set while the machine's host is unreachable: the instant whose state reads show. */
  cutOffAt?: number | null;
  /** The host is lost for good, and the API no longer knows the machine. */
  lost?: boolean;
  /** Set while the machine moves: its start on the new host follows its end on the old one. */
  moving?: { forget: boolean } | null;
}

export interface AppRecord {
  id: string;
  name: string;
  org: string;
  network: string;
  createdAt: number;
}

export interface VolumeRecord {
  id: string;
  app: string;
  name: string;
  region: string;
  state: 'created' | 'pending_destroy';
  sizeGb: number;
  encrypted: boolean;
  attachedMachineId: string | null;
  snapshotRetention: number;
  createdAt: number;
  deletedAt: number | null;
}
