import { sleep } from '@/scripts/services/processes';
import { LATE, withTimeout } from '@/server/with-timeout';

/**
 * Repeats `work` until it succeeds. Throws its last error after `withinMs`, or once no one waits for it any more. An
 * attempt that does not end counts as failed after `tryMs`.
 */
export async function insist<T>(
  work: () => Promise<T>,
  withinMs: number,
  { givenUp = () => false, tryMs = 25_000 }: { givenUp?: () => boolean; tryMs?: number } = {},
): Promise<T> {
  const until = Date.now() + withinMs;
  for (;;) {
    try {
      const done = await withTimeout(work(), tryMs);
      if (done !== LATE) return done;
      throw new Error(`No answer within ${tryMs / 1000} s.`);
    } catch (error) {
      if (Date.now() > until || givenUp()) throw error;
      await sleep(200);
    }
  }
}

/** Calls one of the local cloud's controls. Throws its answer when that is not a success. */
export async function call<T>(url: string, method: string, body?: unknown): Promise<T> {
  const response = await fetch(url, {
    method,
    headers: { 'content-type': 'application/json' },
    body: body === undefined ? undefined : JSON.stringify(body),
    signal: AbortSignal.timeout(20_000),
  });
  if (!response.ok) throw new Error(`${method} ${url} answered ${response.status}: ${await response.text()}`);
  return (await response.json()) as T;
}
