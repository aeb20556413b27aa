import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { RateLimiterMemory } from 'rate-limiter-flexible';
import { WebSocketServer } from 'ws';
import { type Ctx, failClosed, REQUEST_TIMEOUT_MS } from '@/server/context';
import { type ConnectClaim, readConnectToken } from '@/server/run/tokens';
import { findTerminal } from '@/server/session/find-terminal';
import { offeredToken, replayTo, sendUpgrade } from './answer';
import { plain } from './plain';

const UPGRADES_PER_MINUTE = 120;
/** Most refused sockets that may be closing at a time, and the time each has to close. */
const MAX_REFUSED = 1_000;
const CLOSE_TIMEOUT_MS = 2_000;

type Door = {
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void>;
  close(): void;
};

/**
 * Opens the handler of terminal upgrades. An authorized upgrade is answered with the machine to replay it to. A refused
 * one gets a WebSocket that closes with a code and a sentence, because a browser can read nothing else.
 */
export function openTerminalDoor(ctx: Pick<Ctx, 'env' | 'sql' | 'clock' | 'log'>): Door {
  const limiter = new RateLimiterMemory({ points: UPGRADES_PER_MINUTE, duration: 60 });
  const refusing = new WebSocketServer({
    noServer: true,
    maxPayload: 1024,
    // The types do not know this option yet.
    ...{ closeTimeout: CLOSE_TIMEOUT_MS },
    handleProtocols: (offered) => (offered.has('hourglass') ? 'hourglass' : false),
  });
  const closeWith = (
    request: IncomingMessage,
    socket: Duplex,
    head: Buffer,
    code: number,
    sentence: string,
  ) => {
    if (refusing.clients.size >= MAX_REFUSED) return plain(socket, 503);
    refusing.handleUpgrade(request, socket, head, (ws) => ws.on('error', () => {}).close(code, sentence));
  };

  async function upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    socket.on('error', () => {});
    if (isForeign(request, ctx.env.APP_URL)) return plain(socket, 403);
    const url = addressOf(request);
    if (!url) return plain(socket, 400);
    const claim = claimOf(ctx, request, url);
    if (!claim) return closeWith(request, socket, head, 4401, 'This terminal link is not valid any more.');
    try {
      if (!(await limiter.consume(claim.accountId).catch(() => null))) return plain(socket, 429);
      const found = await failClosed(() => findTerminal(ctx, claim), ctx.log, REQUEST_TIMEOUT_MS);
      if ('stopped' in found) return closeWith(request, socket, head, 4503, found.stopped);
      if ('refused' in found) return closeWith(request, socket, head, 4401, found.refused);
      sendUpgrade(socket, replayTo(ctx, found, claim));
    } catch (error) {
      ctx.log.error({ err: error, runId: claim.runId }, 'a terminal could not be looked up');
      plain(socket, 503);
    }
  }
  return { upgrade, close: () => refusing.close() };
}

/** Whether the request comes from a page of another site. Programs send no Origin and are allowed. */
function isForeign(request: IncomingMessage, appUrl: string): boolean {
  const { origin } = request.headers;
  return origin !== undefined && origin !== new URL(appUrl).origin;
}

/** Returns the URL of an upgrade, or null when it cannot be parsed. */
function addressOf(request: IncomingMessage): URL | null {
  try {
    return new URL(request.url ?? '/', 'http://gateway');
  } catch {
    return null;
  }
}

/** Returns the claim of the token in the subprotocol list, if it is for the session of the path. */
function claimOf(ctx: Pick<Ctx, 'env' | 'clock'>, request: IncomingMessage, url: URL): ConnectClaim | null {
  const claim = readConnectToken(ctx.env.AUTH_SECRET, offeredToken(request), ctx.clock.now());
  return claim && url.pathname === `/terminal/${claim.sessionId}` ? claim : null;
}
