import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { RateLimiterMemory } from 'rate-limiter-flexible';
import { type Ctx, failClosed, REQUEST_TIMEOUT_MS } from '@/server/context';
import { type Door, readConnectToken } from '@/server/run/tokens';
import { findTerminal } from '@/server/session/find-terminal';
import {
  type Answer,
  offeredToken,
  type Refusal,
  readText,
  replayTo,
  send,
  sendUpgrade,
  TOO_MANY,
  UNKNOWN,
} from './answer';
import { plain } from './plain';

/** A file browser sends a few requests per second at most. */
const REQUESTS_PER_MINUTE = 1_200;
/** A download form of a page carries a token and a path. */
const MAX_FORM_BYTES = 16 * 1024;

/**
 * The doors of a machine beside its terminal: `/files/<session>/…`, `/exec/<session>` and the list of its ports. Each
 * request is answered with the machine to replay it to, or refused with a reason and a sentence. No file passes through
 * this process.
 */
export class MachineDoors {
  private readonly limiter: RateLimiterMemory;
  private readonly origin: string;

  constructor(
    private readonly ctx: Pick<Ctx, 'env' | 'sql' | 'clock' | 'log'>,
    perMinute = REQUESTS_PER_MINUTE,
  ) {
    this.limiter = new RateLimiterMemory({ points: perMinute, duration: 60 });
    this.origin = new URL(ctx.env.APP_URL).origin;
  }

  /** Handles a request for a door of a machine; returns false for any other request. */
  request(request: IncomingMessage, response: ServerResponse): boolean {
    const place = placeOf(request.url);
    if (place) void this.serve(request, response, place);
    return place !== null;
  }

  /** Handles an upgrade for a door of a machine; returns false for any other. A refused upgrade gets a plain HTTP status. */
  upgrade(request: IncomingMessage, socket: Duplex): boolean {
    const place = placeOf(request.url);
    if (!place) return false;
    socket.on('error', () => {});
    const { origin } = request.headers;
    if (origin !== undefined && origin !== this.origin) plain(socket, 403);
    else void this.answer(offeredToken(request), place).then((given) => sendUpgrade(socket, given));
    return true;
  }

  private async serve(request: IncomingMessage, response: ServerResponse, place: Place): Promise<void> {
    const { origin } = request.headers;
    const cors = origin === this.origin ? corsOf(origin) : {};
    if (origin !== undefined && origin !== this.origin)
      return send(response, refusal(403, 'FORBIDDEN', 'A page of another site may not do this.'), cors);
    if (request.method === 'OPTIONS') {
      response.writeHead(204, { ...cors, 'content-length': '0' }).end();
      return;
    }
    const token = bearerOf(request) ?? (isForm(request) ? await formToken(request) : null) ?? '';
    request.resume();
    send(response, await this.answer(token, place), cors);
  }

  private async answer(token: string, { door, sessionId }: Place): Promise<Answer> {
    const { env, clock, log } = this.ctx;
    const claim = readConnectToken(env.AUTH_SECRET, token, clock.now(), door);
    if (claim?.sessionId !== sessionId)
      return refusal(401, 'UNAUTHORIZED', 'This link is not valid any more. Request a new one.');
    try {
      if (!(await this.limiter.consume(claim.accountId).catch(() => null))) return TOO_MANY;
      const found = await failClosed(() => findTerminal(this.ctx, claim), log, REQUEST_TIMEOUT_MS);
      if ('stopped' in found) return refusal(409, 'NOT_RUNNING', found.stopped);
      if ('refused' in found) return refusal(401, 'UNAUTHORIZED', found.refused);
      return replayTo(this.ctx, found, claim, door);
    } catch (error) {
      log.error({ err: error, runId: claim.runId }, 'a machine could not be looked up');
      return UNKNOWN;
    }
  }
}

type Place = { door: Exclude<Door, 'terminal'>; sessionId: string };

/** Returns the door and the session a URL names; null for any other URL. */
function placeOf(url: string | undefined): Place | null {
  const match = /^\/(files|exec|ports)\/([\w-]{1,64})(?:[/?]|$)/.exec(url ?? '');
  return match?.[1] && match[2] ? { door: match[1] as Place['door'], sessionId: match[2] } : null;
}

const refusal = (status: number, reason: string, message: string): Refusal => ({ status, reason, message });

/** Returns the CORS headers for pages of this app. */
const corsOf = (origin: string): Record<string, string> => ({
  'access-control-allow-origin': origin,
  'access-control-allow-headers': 'authorization, content-type, range, if-match, if-none-match',
  'access-control-allow-methods': 'GET, HEAD, POST, PUT',
  'access-control-max-age': '600',
  vary: 'origin',
});

const bearerOf = (request: IncomingMessage): string | null =>
  /^bearer (.+)$/i.exec(request.headers.authorization ?? '')?.[1]?.trim() ?? null;

const isForm = ({ method, headers }: IncomingMessage): boolean =>
  method === 'POST' && (headers['content-type'] ?? '').startsWith('application/x-www-form-urlencoded');

/**
 * Returns the token of a form, because a browser that downloads a file sends no custom header. Null when the form is
 * too large or its connection was lost.
 */
async function formToken(request: IncomingMessage): Promise<string | null> {
  const text = await readText(request, MAX_FORM_BYTES);
  return text === null ? null : new URLSearchParams(text).get('token');
}
