import { setTimeout as pause } from 'node:timers/promises';
import { Pool } from 'undici';
import type { Log } from '../../log';
import { metrics } from '../../metrics';
import type { MachineFailure, Outcome } from '../machines';
import { classify, readRefusal } from './classify';
import { RateKeeper } from './rate';

export type Call = {
  /** The action, for limits, logs and metrics: `create`, `get`, `stop` … */
  action: string;
  method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  path: string;
  /** The identifier the limit counts: a machine, an app, or the organisation. */
  id: string;
  body?: unknown;
  /** Time limit of each attempt in ms, reading the body included. */
  timeoutMs?: number;
  /** Attempts in total. A create is never repeated here. */
  tries?: number;
  app?: string;
};

type Answer = Outcome<unknown>;

/** The request certainly never left: connection refused, name unknown. */
const NEVER_SENT = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'UND_ERR_CONNECT_TIMEOUT']);
const TIMEOUT_MS = 10_000;
const MAX_PAUSE_MS = 5_000;
const MAX_COOKIES = 10_000;
/** Parallel calls: as many as the runs the timekeeper checks in parallel, each of which has at most one. */
const CONNECTIONS = 256;

/** One pool of connections to the Machines API, with its rate limits, cookies and retry rules. */
export class FlyHttp {
  private readonly pool: Pool;
  private readonly rates = new RateKeeper();
  private readonly cookies = new Map<string, string>();
  private readonly base: string;

  constructor(
    apiUrl: string,
    private readonly token: string,
    private readonly log: Log,
  ) {
    const url = new URL(apiUrl);
    this.base = `${url.pathname.replace(/\/+$/, '')}/v1`;
    this.pool = new Pool(url.origin, {
      connections: CONNECTIONS,
      keepAliveTimeout: 30_000,
      connect: { timeout: 3_000 },
    });
  }

  close = (): Promise<void> => this.pool.close();

  /** Sends a call and retries it where that is safe; returns the parsed body or the failure. Never throws. */
  async send(call: Call): Promise<Answer> {
    const tries = call.tries ?? 3;
    for (let attempt = 1; ; attempt++) {
      const { answer, retryAfterMs } = await this.once(call);
      if (answer.ok || attempt >= tries || !isWorthRepeating(answer.failure)) return answer;
      const backoff = 100 * 2 ** attempt * (0.5 + Math.random());
      await pause(Math.min(Math.max(backoff, retryAfterMs), MAX_PAUSE_MS));
    }
  }

  private async once(call: Call): Promise<{ answer: Answer; retryAfterMs: number }> {
    const signal = AbortSignal.timeout(call.timeoutMs ?? TIMEOUT_MS);
    const stopClock = metrics.providerSeconds.startTimer({ action: call.action });
    let sent = false;
    try {
      // At most half of the time is spent waiting for the rate limit, so that the call itself has the other half.
      await this.rates.take(call.action, call.id, (call.timeoutMs ?? TIMEOUT_MS) / 2);
      sent = true;
      const response = await this.pool.request({
        method: call.method,
        path: `${this.base}${call.path}`,
        headers: this.headers(call),
        body: call.body === undefined ? null : JSON.stringify(call.body),
        signal,
      });
      const text = await response.body.text();
      this.keepCookie(call.app, response.headers['set-cookie']);
      if (response.statusCode < 300) return { answer: { ok: true, value: parse(text) }, retryAfterMs: 0 };
      const failure = classify(readRefusal(response.statusCode, text), call.method !== 'GET');
      this.report(call, failure, response.headers['fly-request-id']);
      return {
        answer: { ok: false, failure },
        retryAfterMs: 1000 * (Number(response.headers['retry-after']) || 0),
      };
    } catch (error) {
      const failure = this.lost(call, error, sent);
      this.report(call, failure);
      return { answer: { ok: false, failure }, retryAfterMs: 0 };
    } finally {
      stopClock();
    }
  }

  private lost(call: Call, error: unknown, sent: boolean): MachineFailure {
    // A timeout's own code is a meaningless number.
    const given = (error as { code?: unknown })?.code;
    const code = typeof given === 'string' ? given : '';
    const harmless = !sent || NEVER_SENT.has(code) || call.method === 'GET';
    return { kind: harmless ? 'unavailable' : 'ambiguous', message: `no answer (${code || 'timeout'})` };
  }

  private headers(call: Call): Record<string, string> {
    const bare = this.token.replace(/^(Bearer|FlyV1)\s+/i, '');
    const scheme = /^fm\d?_/.test(bare) ? 'FlyV1' : 'Bearer';
    const cookie = call.app ? this.cookies.get(call.app) : undefined;
    return {
      authorization: `${scheme} ${bare}`,
      accept: 'application/json',
      ...(call.body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(cookie ? { cookie } : {}),
    };
  }

  /** Reads see earlier writes only on the same backend, which the provider names in a cookie per app. */
  private keepCookie(app: string | undefined, header: string | string[] | undefined): void {
    if (!app || !header) return;
    const found = [header].flat().find((line) => line.startsWith('fly_flaps_affinity='));
    const value = found?.split(';')[0];
    if (!value) return;
    // The oldest cookie is dropped: losing one costs a read that may be slightly stale.
    this.cookies.delete(app);
    this.cookies.set(app, value);
    const [oldest] = this.cookies.size > MAX_COOKIES ? this.cookies.keys() : [];
    if (oldest !== undefined) this.cookies.delete(oldest);
  }

  private report(call: Call, failure: MachineFailure, requestId?: string | string[]): void {
    metrics.providerErrors.inc({ action: call.action, kind: failure.kind });
    this.log.debug({ action: call.action, path: call.path, failure, requestId }, 'provider call failed');
  }
}

/**
 * Whether a retry may succeed. Creates are sent once per call (`tries: 1`); every other call here is safe to repeat.
 */
export const isWorthRepeating = (failure: MachineFailure): boolean =>
  failure.kind === 'unavailable' || failure.kind === 'ambiguous' || failure.kind === 'rate_limited';

function parse(text: string): unknown {
  if (text === '') return null;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
