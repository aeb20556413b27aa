import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Instant } from '../clock';
import { type Grant, isGrant } from './grants';

/** Tokens are derived from AUTH_SECRET and never stored: each speaks for one run or one session only. */

const mac = (key: string, text: string): string => createHmac('sha256', key).update(text).digest('base64url');

function sameText(a: string, b: string): boolean {
  const left = Buffer.from(a);
  const right = Buffer.from(b);
  return left.length === right.length && timingSafeEqual(left, right);
}

/** What the machine of a run shows at the lease endpoint. Usable for this run only. */
export const runTokenOf = (secret: string, runId: string): string =>
  `hgr_${runId}_${mac(secret, `run:${runId}`)}`;

/** The run a token speaks for, or null when it is not one of ours. */
export function readRunToken(secret: string, token: string): string | null {
  const match = /^hgr_([0-9a-f-]{36})_([\w-]{43})$/.exec(token);
  if (!match?.[1]) return null;
  return sameText(token, runTokenOf(secret, match[1])) ? match[1] : null;
}

export type ConnectClaim = {
  sessionId: string;
  accountId: string;
  runId: string;
  /** Whose access opens the terminal; the terminal ends with it. */
  grant: Grant;
  expiresAt: Instant;
};

/** How long a connect token opens a terminal. */
export const CONNECT_LIFE_MS = 60_000;

/** A short-lived token for the terminal of one session. */
export function connectTokenOf(secret: string, claim: ConnectClaim): string {
  const body = Buffer.from(
    JSON.stringify({
      s: claim.sessionId,
      a: claim.accountId,
      r: claim.runId,
      g: claim.grant,
      e: claim.expiresAt,
    }),
  ).toString('base64url');
  return `hgc_${body}.${mac(secret, `connect:${body}`)}`;
}

/** What a connect token allows, or null when it is forged, malformed or older than its life. */
export function readConnectToken(secret: string, token: string, now: Instant): ConnectClaim | null {
  const match = /^hgc_([\w-]{1,600})\.([\w-]{43})$/.exec(token);
  if (!match?.[1] || !match[2]) return null;
  if (!sameText(match[2], mac(secret, `connect:${match[1]}`))) return null;
  const claim = JSON.parse(Buffer.from(match[1], 'base64url').toString()) as Record<string, unknown>;
  const { s, a, r, g, e } = claim;
  if (typeof s !== 'string' || typeof a !== 'string' || typeof r !== 'string' || typeof e !== 'number')
    return null;
  return isGrant(g) && e > now ? { sessionId: s, accountId: a, runId: r, grant: g, expiresAt: e } : null;
}

/** The secret state the gateway sends along with a replay; only the run's own machine can check it. */
export function replayStateOf(
  secret: string,
  claim: Pick<ConnectClaim, 'runId' | 'grant'>,
  expiresAt: Instant,
): string {
  const { runId, grant } = claim;
  return `v2.${expiresAt}.${grant}.${mac(runTokenOf(secret, runId), `terminal:${expiresAt}:${grant}`)}`;
}
