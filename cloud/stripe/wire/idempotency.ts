import { createHash } from 'node:crypto';
import { Failure } from '../store/failure';
import type { IdempotencyRecord } from '../store/records';
import type { World } from '../store/world';

const KEEP_MS = 24 * 3600 * 1000;

export interface KeyedRequest {
  key: string;
  method: string;
  path: string;
  body: string;
}

/** Stores responses by idempotency key, so that a repeated request gets the first response. */
export class Idempotency {
  private readonly inFlight = new Set<string>();

  constructor(private readonly world: World) {}

  /**
   * Returns the stored response, or undefined for a new request, which is now in progress. Throws 400
   * idempotency_error for a key used with other parameters, 409 while the first request is still running.
   */
  begin(request: KeyedRequest): Readonly<IdempotencyRecord> | undefined {
    const kept = this.world.store.read('idempotency', request.key);
    if (kept && Date.now() - kept.at < KEEP_MS) {
      if (kept.hash !== hashOf(request)) throw reused(request.key);
      return kept;
    }
    if (this.inFlight.has(request.key)) throw busy(request.key);
    this.inFlight.add(request.key);
    return undefined;
  }

  /** Stores a response. Call it inside the unit of work that produced the response. */
  keep(request: KeyedRequest, status: number, body: string): void {
    const { key, method, path } = request;
    this.world.store.put('idempotency', {
      id: key,
      method,
      path,
      hash: hashOf(request),
      status,
      body,
      at: Date.now(),
    });
  }

  /** Marks a key as in progress, for a request that a fault delays. */
  hold(key: string | null): void {
    if (key) this.inFlight.add(key);
  }

  end(key: string): void {
    this.inFlight.delete(key);
  }
}

function hashOf({ method, path, body }: KeyedRequest): string {
  return createHash('sha256').update(`${method} ${path}\n${body}`).digest('hex');
}

function reused(key: string): Failure {
  const message = `The idempotency key '${key}' was first used with other parameters. Use another key for another request.`;
  return new Failure(400, { type: 'idempotency_error', message }, true);
}

function busy(key: string): Failure {
  const message = `A request with the idempotency key '${key}' is still being answered.`;
  return new Failure(409, { type: 'invalid_request_error', code: 'idempotency_key_in_use', message }, true);
}
