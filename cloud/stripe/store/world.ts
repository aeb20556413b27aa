import { missing } from './failure';
import { newStripeId } from './ids';
import type { EventRecord, Records, SettingsRecord } from './records';
import { type CollectionName, Store } from './store';

const DEFAULT_SETTINGS: SettingsRecord = {
  id: 'settings',
  account_id: '',
  clock_offset_ms: 0,
  retry_days: [3, 5, 7],
  final_action: 'canceled',
  webhooks: {
    order: 'unfriendly',
    duplicate: 0,
    delayMs: 0,
    drop: 0,
    retryDelaysMs: [1_000, 5_000, 30_000, 120_000, 600_000, 3_600_000],
    timeoutMs: 10_000,
    paused: false,
    seed: 1,
  },
};

/** State that all endpoints share: records, clock, base URL and the events of the current unit of work. */
export class World {
  readonly store: Store;
  /** Base URL of the hosted pages, without a trailing slash. */
  baseUrl = '';
  /** The current request, which its events name. */
  request: EventRecord['request'] = { id: null, idempotency_key: null };
  /** Receives the event ids of a unit of work once the unit is on disk. */
  onEvents: (eventIds: string[]) => void = () => {};
  private emitted: string[] = [];
  private moment: number | undefined;
  private silent = false;

  constructor(
    stateDir: string,
    private readonly realNowMs: () => number,
  ) {
    this.store = new Store(stateDir);
    this.ensureSettings();
  }

  get settings(): Readonly<SettingsRecord> {
    return this.store.read('settings', 'settings') ?? DEFAULT_SETTINGS;
  }

  ensureSettings(): void {
    if (this.store.read('settings', 'settings')) return;
    const settings = { ...structuredClone(DEFAULT_SETTINGS), account_id: newStripeId('acct') };
    this.store.work(() => this.store.put('settings', settings));
  }

  /** Returns unix seconds: of the customer's test clock if there is one, otherwise of the shared clock. */
  now(customerId?: string | null): number {
    if (this.moment !== undefined) return this.moment;
    const clock = customerId ? this.store.read('customers', customerId)?.test_clock : null;
    const frozen = clock ? this.store.read('testClocks', clock)?.frozen_time : undefined;
    return frozen ?? Math.floor((this.realNowMs() + this.settings.clock_offset_ms) / 1000);
  }

  /** Runs a function with the clock set to an instant, in unix seconds. */
  at<T>(seconds: number, run: () => T): T {
    const before = this.moment;
    this.moment = seconds;
    try {
      return run();
    } finally {
      this.moment = before;
    }
  }

  /** Runs a unit of work. Its events are sent after its changes are on disk. */
  work<T>(run: () => T): T {
    const outer = this.emitted;
    this.emitted = [];
    try {
      const result = this.store.work(run);
      const events = this.emitted;
      this.emitted = outer;
      if (events.length) this.onEvents(events);
      return result;
    } finally {
      this.emitted = outer;
    }
  }

  /** Returns the result of the work without changes, events or charges. */
  rehearse<T>(run: () => T): T {
    const before = this.silent;
    this.silent = true;
    try {
      return this.store.rehearse(run);
    } finally {
      this.silent = before;
    }
  }

  get rehearsing(): boolean {
    return this.silent;
  }

  noteEvent(id: string): void {
    this.emitted.push(id);
  }

  /** Returns the record, read-only. Throws 404 resource_missing for an unknown id. */
  need<N extends CollectionName>(name: N, id: string, kind: string): Readonly<Records[N]> {
    const record = this.store.read(name, id);
    if (!record) throw missing(kind, id);
    return record;
  }
}
