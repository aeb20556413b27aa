import { createHmac, timingSafeEqual } from 'node:crypto';

/** How wrong this machine's wall clock may be against the gateway's. */
const SKEW_MS = 300_000;

/** The `state` of a `fly-replay-src` header, or null. */
export function stateOf(header: string | undefined): string | null {
  const field = (header ?? '').split(';').find((part) => part.trim().startsWith('state='));
  return field ? field.trim().slice('state='.length) : null;
}

/** True for a state that the gateway made for this very run, not long ago. */
export function isOurs(state: string | null, runToken: string, now: number): boolean {
  const match = /^v1\.(\d{1,15})\.([\w-]{43})$/.exec(state ?? '');
  if (!match?.[1] || !match[2]) return false;
  const expected = Buffer.from(
    createHmac('sha256', runToken).update(`terminal:${match[1]}`).digest('base64url'),
  );
  const given = Buffer.from(match[2]);
  return (
    given.length === expected.length && timingSafeEqual(given, expected) && Number(match[1]) > now - SKEW_MS
  );
}
