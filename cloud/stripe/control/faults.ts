/** What is done to a request instead of, or around, its answer. */
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
  /** Error code and message of a `status`; a `kept_status` is also kept under the key, as the real one keeps its defects. */
  code?: string;
  message?: string;
  retryAfter?: number;
  latencyMs?: number;
  /** How often it strikes; absent = until it is removed. */
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

/** Faults to come, in the order they were asked for. Not kept over a restart. */
export class Faults {
  private list: Fault[] = [];

  /** Throws an Error with a sentence when the fault makes no sense. */
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

  /** The fault that strikes this request, used up by one. */
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
