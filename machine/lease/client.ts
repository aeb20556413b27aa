import { createHmac, randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { bornMs, monotonicMs } from '../clock';
import type { IdleRule } from '../work/idle-watch';
import { deadlineOf, type Lease, nextAskAt, patienceMs, renewAtOf, restMs } from './deadline';

export type Answer = {
  action: 'run' | 'stop';
  leaseMs: number;
  final: boolean;
  reason?: string;
  message?: string;
} & IdleRule;

export type LeaseOptions = {
  apiUrl: string;
  runToken: string;
  leaseMs: number;
  guardMs: number;
  /** What the server is told about the user with each call. */
  report: () => { lastInputAt?: string; lastWorkAt?: string; metrics?: Record<string, number> };
  /** When to ask at the latest for another reason than the lease, e.g. an idle end; null for none. */
  askBy: () => number | null;
  onLease: (lease: Lease, answer: Answer) => void;
  onStop: (reason: string, message: string | undefined) => void;
  log: (text: string) => void;
};

type Event = 'running' | 'renew' | 'stopping' | 'stopped';

const FIRST_BACKOFF_MS = 500;
const LONGEST_BACKOFF_MS = 5_000;

/** Keeps the lease of this run alive for as long as the server grants it, and never a moment longer. */
export class LeaseClient {
  lease: Lease;
  private readonly bootId = randomUUID();
  private seq = 0;
  private ended = new AbortController();
  private wake = new AbortController();
  /** Calls in a row that were refused for what they said: a lease is worth more than figures. */
  private refusedCount = 0;

  constructor(private readonly options: LeaseOptions) {
    this.lease = { sentAt: bornMs(), leaseMs: options.leaseMs, final: false, guardMs: options.guardMs };
  }

  /** Asks until told to stop or until `end` is called. */
  async run(): Promise<void> {
    for (let event: Event = 'running'; !this.ended.signal.aborted; event = 'renew') {
      const answer = await this.ask(event);
      if (!answer) return;
      await this.rest(nextAskAt(this.lease, monotonicMs()));
    }
  }

  /** Asks again soon, e.g. because the user came back. */
  askNow(): void {
    this.wake.abort();
  }

  /** Says a last word, briefly and only once, and asks no more. */
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

  /** One question, repeated under the same number until it is answered. Null when there is nothing more to ask. */
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

  /** One call, given up after `withinMs` or when `unless` is aborted, whatever becomes of its connection. */
  private async call(
    event: Event,
    seq: number,
    withinMs: number,
    unless?: AbortSignal,
  ): Promise<Answer | 'refused'> {
    // Not AbortSignal.any: on Node 20 a timeout inside of it is collected as garbage and never comes.
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

  /** What is told beside the question: all of it, then without figures, then nothing. */
  private report(): ReturnType<LeaseOptions['report']> {
    if (this.refusedCount > 1) return {};
    const { metrics, ...user } = this.options.report();
    return this.refusedCount === 1 || !metrics ? user : { ...user, metrics };
  }

  private async post(body: object, signal: AbortSignal): Promise<Answer | 'refused'> {
    const response = await fetch(`${this.options.apiUrl}/api/agent/lease`, {
      method: 'POST',
      headers: { authorization: `Bearer ${this.options.runToken}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
      signal,
    });
    if (response.status === 401 && this.provesEnd(response.headers.get('x-hourglass-ended')))
      return 'refused';
    if (response.status === 400) this.refusedCount += 1;
    if (!response.ok) throw new Error(`the service answered ${response.status}`);
    // Figures stay away from now on; keystrokes and work are told again.
    this.refusedCount = Math.min(this.refusedCount, 1);
    const answer = (await response.json()) as Answer;
    if (answer.action !== 'run' && answer.action !== 'stop')
      throw new Error('the service answered in another form');
    return answer;
  }

  /**
   * Only who knows this run can say that it has ended: a service with another secret, or one that has lost the run, refuses
   * every token, and what was granted stays granted.
   */
  private provesEnd(proof: string | null): boolean {
    const { runToken } = this.options;
    const runId = runToken.split('_')[1] ?? '';
    return proof === createHmac('sha256', runToken).update(`ended:${runId}`).digest('base64url');
  }

  /** What is left of the lease as of now. */
  leftMs(): number {
    return deadlineOf(this.lease) - monotonicMs();
  }
}
