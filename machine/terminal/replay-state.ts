import { createHmac, timingSafeEqual } from 'node:crypto';

/** Tolerated difference between this machine's wall clock and the gateway's. */
const SKEW_MS = 300_000;

/** Returns the `state` of a `fly-replay-src` header, or null. */
export function stateOf(header: string | undefined): string | null {
  const field = (header ?? '').split(';').find((part) => part.trim().startsWith('state='));
  return field ? field.trim().slice('state='.length) : null;
}

/** Returns the grant in a state that the gateway signed recently for this door of this run; else null. */
export function grantOf(
  state: string | null,
  runToken: string,
  now: number,
  door = 'terminal',
): string | null {
  const match = /^v2\.(\d{1,15})\.([\w-]{1,100})\.([\w-]{43}(?:~[\w-]{43}){0,4})$/.exec(state ?? '');
  if (!match?.[1] || !match[2] || !match[3]) return null;
  const expected = Buffer.from(
    createHmac('sha256', runToken).update(`${door}:${match[1]}:${match[2]}`).digest('base64url'),
  );
  // One signature per secret the service has while it rotates them.
  const isOurs = match[3].split('~').some((given) => timingSafeEqual(Buffer.from(given), expected));
  return isOurs && Number(match[1]) > now - SKEW_MS ? match[2] : null;
}
