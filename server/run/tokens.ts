import type { Instant } from '../clock';
import { isSignedByOurs, signingSecrets, signText } from '../signing-secrets';
import { type Grant, isGrant } from './grants';

/** Tokens are derived from AUTH_SECRET and never stored. Each is valid for one run or one session only. */

/** Returns the token with which the machine of a run calls the lease endpoint. Valid for this run only. */
export const runTokenOf = (authSecret: string, runId: string): string =>
  tokenUnder(signingSecrets(authSecret)[0], runId);

const tokenUnder = (secret: string, runId: string): string =>
  `hgr_${runId}_${signText(secret, `run:${runId}`)}`;

/**
 * Returns the proof for a machine that its run is known and has ended: signed with the machine's own token, so that a
 * process with another secret cannot produce it.
 */
export const endProofOf = (runToken: string, runId: string): string => signText(runToken, `ended:${runId}`);

/** Returns the id of the run that a token is valid for, or null when the token is not valid. */
export function readRunToken(authSecret: string, token: string): string | null {
  const match = /^hgr_([0-9a-f-]{36})_([\w-]{43})$/.exec(token);
  if (!match?.[1]) return null;
  const runId = match[1];
  return isSignedByOurs(authSecret, token, (secret) => tokenUnder(secret, runId)) ? runId : null;
}

/** The doors of a machine. A token, and the state sent with a replay, open one door each. */
export const DOORS = ['terminal', 'files', 'exec', 'ports'] as const;
export type Door = (typeof DOORS)[number];

export type ConnectClaim = {
  sessionId: string;
  accountId: string;
  runId: string;
  /** The access behind the opened door; when it ends, the door is closed. */
  grant: Grant;
  expiresAt: Instant;
};

/** How long a connect token is valid, in ms. */
export const CONNECT_LIFE_MS = 60_000;

/** Returns the prefix of the signed text. It contains the door, so that a token of one door opens no other. */
const purposeOf = (door: Door): string => (door === 'terminal' ? 'connect' : `connect-${door}`);

/** Returns a short-lived token for one door of one session. */
export function connectTokenOf(authSecret: string, claim: ConnectClaim, door: Door = 'terminal'): string {
  const body = Buffer.from(
    JSON.stringify({
      s: claim.sessionId,
      a: claim.accountId,
      r: claim.runId,
      g: claim.grant,
      e: claim.expiresAt,
    }),
  ).toString('base64url');
  return `hgc_${body}.${signText(signingSecrets(authSecret)[0], `${purposeOf(door)}:${body}`)}`;
}

/** Returns the claim of a connect token, or null when it is forged, malformed, of another door or expired. */
export function readConnectToken(
  authSecret: string,
  token: string,
  now: Instant,
  door: Door = 'terminal',
): ConnectClaim | null {
  const match = /^hgc_([\w-]{1,600})\.([\w-]{43})$/.exec(token);
  if (!match?.[1] || !match[2]) return null;
  const signed = `${purposeOf(door)}:${match[1]}`;
  if (!isSignedByOurs(authSecret, match[2], (secret) => signText(secret, signed))) return null;
  const claim = JSON.parse(Buffer.from(match[1], 'base64url').toString()) as Record<string, unknown>;
  const { s, a, r, g, e } = claim;
  if (typeof s !== 'string' || typeof a !== 'string' || typeof r !== 'string' || typeof e !== 'number')
    return null;
  return isGrant(g) && e > now ? { sessionId: s, accountId: a, runId: r, grant: g, expiresAt: e } : null;
}

/**
 * Returns the secret state that the gateway sends with a replay; only the run's own machine can check it. A machine
 * knows the token it was created with, so while the secret is being rotated the state is signed for each possible one.
 */
export function replayStateOf(
  authSecret: string,
  { runId, grant }: Pick<ConnectClaim, 'runId' | 'grant'>,
  expiresAt: Instant,
  door: Door | `port-${number}` = 'terminal',
): string {
  const macs = signingSecrets(authSecret).map((secret) =>
    signText(tokenUnder(secret, runId), `${door}:${expiresAt}:${grant}`),
  );
  return `v2.${expiresAt}.${grant}.${macs.join('~')}`;
}
