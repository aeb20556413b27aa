export interface Call {
  seq: number;
  at: number;
  method: string;
  path: string;
  /** `null` until the response; stays null when a fault prevents the response. */
  status: number | null;
  action: string;
  machineId?: string;
  app?: string;
}

const keep = 20_000;

/** The last 20,000 calls the Machines API received, newest last. */
export class CallLog {
  private calls: Call[] = [];
  private seq = 0;

  begin(call: Omit<Call, 'seq' | 'status'>): Call {
    const entry: Call = { seq: ++this.seq, status: null, ...call };
    this.calls.push(entry);
    if (this.calls.length > keep * 1.2) this.calls = this.calls.slice(-keep);
    return entry;
  }

  since(seq: number): Call[] {
    return this.calls.filter((call) => call.seq > seq);
  }

  clear(): void {
    this.calls = [];
  }
}
