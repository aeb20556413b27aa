/** The effect of a fault: it replaces the response, or disturbs the request before or after its commit. */
type FaultKind =
  | 'status'
  | 'kept_status'
  | 'latency'
  | 'hang'
  | 'reset'
  | 'after_commit_status'
  | 'after_commit_reset'
  | 'after_commit_hang';

export interface Fault {
  /** Regular expression on the path; absent = every path under /v1. */
  path?: string;
  method?: string;
  kind: FaultKind;
  status?: number;
  /** Error code and message of a `status`. A `kept_status` is also stored under the key, like real Stripe's server errors. */
  code?: string;
  message?: string;
  retryAfter?: number;
  latencyMs?: number;
  /** How many requests the fault affects; absent = every request until the fault is removed. */
  times?: number;
}

const KINDS: FaultKind[] = [
  'status',
  'kept_status',
  'latency',
  'hang',
  'reset',
  'after_commit_status',
  'after_commit_reset',
  'after_commit_hang',
];

/** Planned faults, in the order of their creation. A restart forgets them. */
export class Faults {
  private list: Fault[] = [];

  /** Adds a fault. Throws an Error with a sentence for an unknown kind or an invalid path. */
  add(fault: Fault): void {
    if (!KINDS.includes(fault.kind)) throw new Error(`kind must be one of ${KINDS.join(', ')}.`);
    if (fault.path) new RegExp(fault.path);
    this.list.push({ ...fault });
  }

  clear(): void {
    this.list = [];
  }

  all(): readonly Fault[] {
    return this.list;
  }

  /** Returns the first fault that matches the request, and counts down its `times`. */
  take(method: string, path: string): Fault | undefined {
    const found = this.list.find(
      (fault) =>
        (!fault.method || fault.method.toUpperCase() === method) &&
        (!fault.path || new RegExp(fault.path).test(path)),
    );
    if (found?.times !== undefined && --found.times <= 0) this.list.splice(this.list.indexOf(found), 1);
    return found;
  }
}
