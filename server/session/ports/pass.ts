import type { Instant } from '../../clock';
import { type Grant, isGrant } from '../../run/grants';
import { isSignedByOurs, signingSecrets, signText } from '../../signing-secrets';

/** The right to open one port of one session, in every run, until it expires or its grant ends. */
export type PortPass = { sessionId: string; port: number; grant: Grant; expiresAt: Instant };

/** A ticket is exchanged for a pass on the port's own address; the pass is a cookie there. */
type Purpose = 'port-ticket' | 'port-pass';

const TICKET_LIFE_MS = 60_000;
const PASS_LIFE_MS = 12 * 3_600_000;
export const PASS_LIFE_SECONDS = PASS_LIFE_MS / 1_000;

type Claim = Omit<PortPass, 'expiresAt'>;

export const portTicketOf = (authSecret: string, claim: Claim, now: Instant): string =>
  signed(authSecret, 'port-ticket', { ...claim, expiresAt: now + TICKET_LIFE_MS });

export const portPassOf = (authSecret: string, claim: Claim, now: Instant): string =>
  signed(authSecret, 'port-pass', { ...claim, expiresAt: now + PASS_LIFE_MS });

function signed(
  authSecret: string,
  purpose: Purpose,
  { sessionId, port, grant, expiresAt }: PortPass,
): string {
  const body = Buffer.from(JSON.stringify({ s: sessionId, p: port, g: grant, e: expiresAt })).toString(
    'base64url',
  );
  return `hgp_${body}.${signText(signingSecrets(authSecret)[0], `${purpose}:${body}`)}`;
}

/** Returns the right in a ticket or pass; null when the text is forged, malformed, of the other kind or expired. */
export function readPortPass(
  authSecret: string,
  text: string,
  now: Instant,
  purpose: Purpose = 'port-pass',
): PortPass | null {
  const match = /^hgp_([\w-]{1,600})\.([\w-]{43})$/.exec(text);
  if (!match?.[1] || !match[2]) return null;
  const body = match[1];
  if (!isSignedByOurs(authSecret, match[2], (secret) => signText(secret, `${purpose}:${body}`))) return null;
  const { s, p, g, e } = JSON.parse(Buffer.from(body, 'base64url').toString()) as Record<string, unknown>;
  if (typeof s !== 'string' || typeof p !== 'number' || typeof e !== 'number' || !isGrant(g)) return null;
  return e > now ? { sessionId: s, port: p, grant: g, expiresAt: e } : null;
}

type Share = { id: string; sessionId: string; port: number };

/** The query parameter of a shared address that admits every visitor. */
export const LINK_PARAMETER = 'hourglass-link';

/** Returns the secret of a shared port's address, valid until the row it is derived from is deleted. */
export const portLinkOf = (authSecret: string, share: Share): string =>
  `${share.id}.${signText(signingSecrets(authSecret)[0], linkText(share))}`;

const linkText = ({ id, sessionId, port }: Share): string => `port-link:${sessionId}:${port}:${id}`;

/** Returns the grant of a link for this very port; null for any other text. */
export function readPortLink(
  authSecret: string,
  text: string,
  place: Pick<Share, 'sessionId' | 'port'>,
): Grant | null {
  const match = /^([\w-]{1,64})\.([\w-]{43})$/.exec(text);
  if (!match?.[1] || !match[2]) return null;
  const id = match[1];
  const isOurs = isSignedByOurs(authSecret, match[2], (secret) =>
    signText(secret, linkText({ id, ...place })),
  );
  return isOurs ? `link_${id}` : null;
}
