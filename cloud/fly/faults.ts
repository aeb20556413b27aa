export type FaultKind =
  | 'status'
  | 'hang'
  | 'reset'
  | 'after_commit_status'
  | 'after_commit_reset'
  | 'after_commit_hang'
  | 'empty_list'
  | 'short_page'
  | 'error_regions'
  | 'lag'
  | 'duplicate_events'
  | 'no_effect'
  | 'latency';

export const faultKinds: readonly FaultKind[] = [
  'status',
  'hang',
  'reset',
  'after_commit_status',
  'after_commit_reset',
  'after_commit_hang',
  'empty_list',
  'short_page',
  'error_regions',
  'lag',
  'duplicate_events',
  'no_effect',
  'latency',
];

export interface Fault {
  kind: FaultKind;
  /** Regular expression on the path with its query. */
  path?: string;
  method?: string;
  /** For example `machine.create`; see the routes. */
  action?: string;
  status?: number;
  body?: unknown;
  /** Value of the Retry-After header of a `status` fault. */
  retryAfter?: number | string;
  /** Milliseconds: the delay of a latency fault, or the age of the state that reads show with a lag fault. */
  latencyMs?: number;
  /** The unreachable regions of an error_regions fault. */
  regions?: string[];
  /** How many requests the fault hits; absent = all requests until the faults are cleared. */
  times?: number;
  /** Milliseconds that the fault lasts; absent = until the fault is used up or cleared. */
  forMs?: number;
}

/** The faults to inject. Each is removed after `times` requests or after `forMs`. */
export class Faults {
  private entries: Array<{ id: number; fault: Fault; left: number; until: number }> = [];
  private nextId = 1;

  add(fault: Fault): number {
    if (fault.path !== undefined) new RegExp(fault.path);
    const id = this.nextId++;
    const until = Date.now() + (fault.forMs ?? Number.POSITIVE_INFINITY);
    this.entries.push({ id, fault, left: fault.times ?? Number.POSITIVE_INFINITY, until });
    return id;
  }

  clear(): void {
    this.entries = [];
  }

  list(): Array<Fault & { id: number; left: number | null }> {
    return this.entries.map(({ id, fault, left }) => ({
      ...fault,
      id,
      left: Number.isFinite(left) ? left : null,
    }));
  }

  /** Returns the faults that hit this request, oldest first: every latency and lag, and the first of the others. */
  take(request: { method: string; path: string; action: string }): Fault[] {
    const hit: Fault[] = [];
    const now = Date.now();
    this.entries = this.entries.filter(({ until }) => until > now);
    for (const entry of this.entries) {
      const { fault } = entry;
      const mixes = fault.kind === 'latency' || fault.kind === 'lag';
      if (entry.left <= 0 || !matches(fault, request)) continue;
      if (!mixes && hit.some(({ kind }) => kind !== 'latency' && kind !== 'lag')) continue;
      entry.left -= 1;
      hit.push(fault);
    }
    this.entries = this.entries.filter(({ left }) => left > 0);
    return hit;
  }
}

function matches(fault: Fault, request: { method: string; path: string; action: string }): boolean {
  if (fault.method && fault.method.toUpperCase() !== request.method) return false;
  if (fault.action && fault.action !== request.action) return false;
  return !fault.path || new RegExp(fault.path).test(request.path);
}
