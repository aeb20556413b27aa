import { createHmac, randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { bornMs, monotonicMs } from '../clock';
import { postToService, type Service } from '../post';
import type { IdleRule } from '../work/idle-watch';
import { deadlineOf, type Lease, nextAskAt, patienceMs, renewAtOf, restMs } from './deadline';

export type Answer = {
  action: 'run' | 'stop';
  leaseMs: number;
  final: boolean;
  reason?: string;
  message?: string;
} & IdleRule;

export type LeaseOptions = Service & {
  leaseMs: number;
  guardMs: number;
  /** Returns the facts sent with each call: last input, last work, metrics. */
  report: () => { lastInputAt?: string; lastWorkAt?: string; metrics?: Record<string, number> };
  /** Returns when to ask at the latest for another reason than the lease, e.g. an idle end; null for none. */
  askBy: () => number | null;
  onLease: (lease: Lease, answer: Answer) => void;
  onStop: (reason: string, message: string | undefined) => void;
  log: (text: string) => void;
};

type Event = 'running' | 'renew' | 'stopping' | 'stopped';

const FIRST_BACKOFF_MS = 500;
const LONGEST_BACKOFF_MS = 5_000;

/** Renews the lease of this run for as long as the server grants it, never longer. */
export class LeaseClient {
  lease: Lease;
  private readonly bootId = randomUUID();
  private seq = 0;
  private ended = new AbortController();
  private wake = new AbortController();
  /** Calls refused with 400. Each refusal shortens the report, because the lease matters more than the figures. */
  private refusedCount = 0;

  constructor(private readonly options: LeaseOptions) {
    this.lease = { sentAt: bornMs(), leaseMs: options.leaseMs, final: false, guardMs: options.guardMs };
  }

  /** Asks until the server says stop or `end` is called. */
  async run(): Promise<void> {
    for (let event: Event = 'running'; !this.ended.signal.aborted; event = 'renew') {
      const answer = await this.ask(event);
      if (!answer) return;
      await this.rest(nextAskAt(this.lease, monotonicMs()));
    }
  }

  /** Cuts the wait before the next call short, e.g. because the user came back. */
  askNow(): void {
    this.wake.abort();
  }

  /** Sends a last event once, without retry and within `withinMs`, and asks no more. */
  async end(event: 'stopping' | 'stopped', withinMs: number): Promise<void> {
    this.ended.abort();
    this.wake.abort();
    const seq = this.seq++;
    await this.call(event, seq, withinMs).catch(() => {});
  }

  private async rest(until: number): Promise<void> {
    if (this.ended.signal.aborted) return;
    this.wake = new AbortController();
    const by = this.options.askBy();
    const at = by === null ? until : Math.min(until, Math.max(by, monotonicMs() + 1_000));
    await pause(Math.max(0, at - monotonicMs()), undefined, { signal: this.wake.signal }).catch(() => {});
  }

  /** Sends one event, repeated under the same `seq` until the server answers. Returns null when there is nothing more to ask. */
  private async ask(event: Event): Promise<Answer | null> {
    const seq = this.seq++;
    let backoff = FIRST_BACKOFF_MS;
    while (!this.ended.signal.aborted) {
      const sentAt = monotonicMs();
      const result = await this.call(event, seq, patienceMs(this.lease, sentAt), this.ended.signal).catch(
        (error) => String(error?.message ?? error),
      );
      if (this.ended.signal.aborted) return null;
      if (result === 'refused') {
        this.options.onStop('refused', 'This machine is no longer known to the service.');
        return null;
      }
      if (typeof result === 'object') {
        if (backoff > FIRST_BACKOFF_MS) this.options.log('the service answers again');
        return this.take(result, sentAt);
      }
      this.options.log(`the lease could not be renewed yet: ${result}`);
      await pause(restMs(this.lease, monotonicMs(), backoff), undefined, { signal: this.ended.signal }).catch(
        () => {},
      );
      backoff = Math.min(backoff * 2, LONGEST_BACKOFF_MS);
    }
    return null;
  }

  private take(answer: Answer, sentAt: number): Answer | null {
    if (answer.action === 'stop') {
      this.options.onStop(answer.reason ?? 'limit', answer.message);
      return null;
    }
    const { leaseMs, final } = answer;
    const fresh = { sentAt, leaseMs, final, guardMs: this.options.guardMs };
    this.lease = { ...fresh, renewAt: renewAtOf(this.lease, fresh, monotonicMs()) };
    this.options.onLease(this.lease, answer);
    return answer;
  }

  /** Sends one call. Throws after `withinMs` or when `unless` aborts, whatever the connection does. */
  private async call(
    event: Event,
    seq: number,
    withinMs: number,
    unless?: AbortSignal,
  ): Promise<Answer | 'refused'> {
    // Not AbortSignal.any: on Node 20 a timeout signal inside it is garbage-collected and never fires.
    const given = new AbortController();
    const giveUp = () => given.abort();
    const givenUp = new Promise<never>((_, reject) => {
      given.signal.addEventListener('abort', () => reject(new Error('no answer in time')));
    });
    const timer = setTimeout(giveUp, Math.max(1, withinMs));
    unless?.addEventListener('abort', giveUp);
    const body = { bootId: this.bootId, seq, event, ...this.report() };
    try {
      return await Promise.race([this.post(body, given.signal), givenUp]);
    } finally {
      clearTimeout(timer);
      unless?.removeEventListener('abort', giveUp);
    }
  }

  /** Returns the facts sent with a call: all of them, after one refusal without metrics, after two none. */
  private report(): ReturnType<LeaseOptions['report']> {
    if (this.refusedCount > 1) return {};
    const { metrics, ...user } = this.options.report();
    return this.refusedCount === 1 || !metrics ? user : { ...user, metrics };
  }

  private async post(body: object, signal: AbortSignal): Promise<Answer | 'refused'> {
    const response = await postToService(this.options, '/api/agent/lease', body, signal);
    if (response.status === 401 && this.provesEnd(response.headers.get('x-hourglass-ended')))
      return 'refused';
    if (response.status === 400) this.refusedCount += 1;
    if (!response.ok) throw new Error(`the service answered ${response.status}`);
    // After a refusal, metrics stay out of the report; the times of input and work are sent again.
    this.refusedCount = Math.min(this.refusedCount, 1);
    const answer = (await response.json()) as Answer;
    if (answer.action !== 'run' && answer.action !== 'stop')
      throw new Error('the service answered in another form');
    return answer;
  }

  /**
   * Returns whether a 401 proves that the run has ended: only a service that knows the run token can sign the proof. A
   * service with another secret, or one that has lost the run, refuses every token, and the granted lease stays valid.
   */
  private provesEnd(proof: string | null): boolean {
    const { runToken } = this.options;
    const runId = runToken.split('_')[1] ?? '';
    return proof === createHmac('sha256', runToken).update(`ended:${runId}`).digest('base64url');
  }

  /** Returns the ms left of the lease, negative after its end. */
  leftMs(): number {
    return deadlineOf(this.lease) - monotonicMs();
  }
}
