import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { RateLimiterMemory } from 'rate-limiter-flexible';
import { type Ctx, failClosed, REQUEST_TIMEOUT_MS } from '@/server/context';
import { portPlaceOf } from '@/server/ports-url';
import { findPort } from '@/server/session/ports/find-port';
import { ENTER_PATH } from '@/server/session/ports/open-port';
import {
  LINK_PARAMETER,
  type PortPass,
  portPassOf,
  readPortLink,
  readPortPass,
} from '@/server/session/ports/pass';
import {
  type Answer,
  type Refusal,
  readText,
  replayTo,
  send,
  sendUpgrade,
  TOO_MANY,
  UNKNOWN,
} from './answer';
import { plain } from './plain';
import { passCookie, passCookieName, showEnter, showWhy } from './port-pages';

/** How long the pass of a link is valid: for the request that carries it. */
const LINK_PASS_MS = 60_000;
/** A page in development loads hundreds of modules at once. */
const REQUESTS_PER_MINUTE = 6_000;
/** The proxy replays only bodies up to this size, in bytes. */
const MAX_BODY_BYTES = 1_000_000;
const MAX_TICKET_BYTES = 1_024;

type Place = { port: number; sessionId: string };

/**
 * The ports of sessions, each under its own address. Admits the members of the session's account and holders of a
 * shared port's link; answers with the machine to replay to. Never starts a stopped machine.
 */
export class PortDoors {
  private readonly limiter: RateLimiterMemory;
  private readonly isSecure: boolean;

  constructor(
    private readonly ctx: Pick<Ctx, 'env' | 'sql' | 'clock' | 'log'>,
    perMinute = REQUESTS_PER_MINUTE,
  ) {
    this.limiter = new RateLimiterMemory({ points: perMinute, duration: 60 });
    this.isSecure = ctx.env.PORTS_URL.startsWith('https:');
  }

  /** Handles a request to the address of a port; returns false for any other request. */
  request(request: IncomingMessage, response: ServerResponse): boolean {
    const place = portPlaceOf(this.ctx.env.PORTS_URL, request.headers.host);
    if (place) void this.serve(request, response, place);
    return place !== null;
  }

  /** Handles an upgrade on the address of a port; returns false for any other. */
  upgrade(request: IncomingMessage, socket: Duplex): boolean {
    const place = portPlaceOf(this.ctx.env.PORTS_URL, request.headers.host);
    if (!place) return false;
    socket.on('error', () => {});
    const pass = this.passOf(request, place);
    if (!pass) plain(socket, 401);
    else void this.answer(pass).then((given) => sendUpgrade(socket, given));
    return true;
  }

  private async serve(request: IncomingMessage, response: ServerResponse, place: Place): Promise<void> {
    if (pathOf(request) === ENTER_PATH) return this.enter(request, response, place);
    request.resume();
    const fromLink = this.linkOf(request, place);
    if (fromLink && isVisit(request)) return this.leadOn(request, response, fromLink);
    const pass = fromLink ?? this.passOf(request, place);
    if (!pass) return this.leadToSignIn(request, response, place);
    if (Number(request.headers['content-length'] ?? 0) > MAX_BODY_BYTES)
      return this.refuse(request, response, place, tooLarge);
    const answer = await this.answer(pass);
    if (!('replay' in answer)) return this.refuse(request, response, place, answer);
    send(response, answer);
  }

  /** Exchanges a ticket for a pass. */
  private async enter(request: IncomingMessage, response: ServerResponse, place: Place): Promise<void> {
    if (request.method !== 'POST') {
      request.resume();
      return showEnter(response);
    }
    const { env, clock } = this.ctx;
    const ticket = readPortPass(
      env.AUTH_SECRET,
      ((await readText(request, MAX_TICKET_BYTES)) ?? '').trim(),
      clock.now(),
      'port-ticket',
    );
    if (!ticket || !isFor(ticket, place)) return void response.writeHead(401).end();
    response.writeHead(204, { 'set-cookie': this.cookieOf(ticket), 'cache-control': 'no-store' }).end();
  }

  /** Stores the access of a shared link in a cookie, and redirects to the URL without the link. */
  private leadOn(request: IncomingMessage, response: ServerResponse, pass: PortPass): void {
    const url = new URL(request.url ?? '/', 'http://port');
    url.searchParams.delete(LINK_PARAMETER);
    const location = `${url.pathname.replace(/^\/+/, '/')}${url.search}`;
    response
      .writeHead(303, { location, 'set-cookie': this.cookieOf(pass), 'cache-control': 'no-store' })
      .end();
  }

  private cookieOf(pass: PortPass): string {
    const { env, clock } = this.ctx;
    return passCookie(portPassOf(env.AUTH_SECRET, pass, clock.now()), this.isSecure);
  }

  private leadToSignIn(request: IncomingMessage, response: ServerResponse, place: Place): void {
    if (!isVisit(request)) return this.refuse(request, response, place, unknownVisitor);
    const location = this.openUrl(request, place);
    response
      .writeHead(303, { location, 'cache-control': 'no-store', 'referrer-policy': 'no-referrer' })
      .end();
  }

  /** Returns the page of the app that lets a member in. */
  private openUrl({ url }: IncomingMessage, { sessionId, port }: Place): string {
    const query = new URLSearchParams({ session: sessionId, port: String(port), path: url ?? '/' });
    return `${this.ctx.env.APP_URL}/open-port?${query}`;
  }

  private refuse(request: IncomingMessage, response: ServerResponse, place: Place, refusal: Refusal): void {
    if (!isVisit(request)) return send(response, refusal);
    const isEnded = refusal.status === 401;
    const session = `${this.ctx.env.APP_URL}/sessions/${place.sessionId}`;
    showWhy(response, refusal, {
      url: isEnded ? this.openUrl(request, place) : session,
      words: isEnded ? 'Sign in to open it' : 'Open the session in Hourglass',
    });
  }

  private linkOf(request: IncomingMessage, place: Place): PortPass | null {
    const { env, clock } = this.ctx;
    const text = new URLSearchParams((request.url ?? '').split('?')[1] ?? '').get(LINK_PARAMETER);
    const grant = text === null ? null : readPortLink(env.AUTH_SECRET, text, place);
    return grant && { ...place, grant, expiresAt: clock.now() + LINK_PASS_MS };
  }

  /** Returns the pass of a shared link or of the cookie; ignores the cookie when a page of another session sends it. */
  private passOf(request: IncomingMessage, place: Place): PortPass | null {
    const link = this.linkOf(request, place);
    if (link) return link;
    if (this.isForeign(request, place)) return null;
    const { env, clock } = this.ctx;
    const name = passCookieName(this.isSecure);
    for (const pair of (request.headers.cookie ?? '').split(/;\s*/)) {
      if (!pair.startsWith(`${name}=`)) continue;
      const pass = readPortPass(env.AUTH_SECRET, pair.slice(name.length + 1), clock.now());
      if (pass && isFor(pass, place)) return pass;
    }
    return null;
  }

  /**
   * Whether a page of another session or site sends the request: `SameSite` does not separate the ports of two
   * accounts, which share one domain. The ports of one session may call each other.
   */
  private isForeign(request: IncomingMessage, place: Place): boolean {
    const { origin, referer } = request.headers;
    const site = request.headers['sec-fetch-site'];
    if (
      isVisit(request) ||
      (origin === undefined && (site === undefined || site === 'same-origin' || site === 'none'))
    )
      return false;
    const from = hostOf(origin ?? referer);
    return portPlaceOf(this.ctx.env.PORTS_URL, from ?? undefined)?.sessionId !== place.sessionId;
  }

  private async answer(pass: PortPass): Promise<Answer> {
    const { log } = this.ctx;
    try {
      const found = await failClosed(() => findPort(this.ctx, pass), log, REQUEST_TIMEOUT_MS);
      if (found === 'ended') return ended;
      if ('stopped' in found) return { status: 409, reason: 'NOT_RUNNING', message: found.stopped };
      if (!(await this.limiter.consume(found.accountId).catch(() => null))) return TOO_MANY;
      return replayTo(this.ctx, found, { runId: found.runId, grant: pass.grant }, `port-${pass.port}`);
    } catch (error) {
      log.error({ err: error, sessionId: pass.sessionId }, 'a port could not be looked up');
      return UNKNOWN;
    }
  }
}

const unknownVisitor = {
  status: 401,
  reason: 'UNAUTHORIZED',
  message: 'Open this port from its session in Hourglass.',
};
const ended = {
  status: 401,
  reason: 'UNAUTHORIZED',
  message: 'Your access to this port has ended: it is not shared any more, or you signed out.',
};
const tooLarge = {
  status: 413,
  reason: 'INVALID_INPUT',
  message: 'A request to a port carries 1 MB at most. Send larger files under Files, or over a WebSocket.',
};
const isFor = (pass: PortPass, { port, sessionId }: Place): boolean =>
  pass.port === port && pass.sessionId === sessionId;

const pathOf = ({ url }: IncomingMessage): string => (url ?? '/').split('?')[0] ?? '/';

/** Whether a user opens a page, rather than a page or a program loading a resource. */
const isVisit = ({ method, headers }: IncomingMessage): boolean => {
  const mode = headers['sec-fetch-mode'];
  const dest = headers['sec-fetch-dest'];
  if (method !== 'GET' || (mode !== undefined && mode !== 'navigate')) return false;
  return (dest === undefined || dest === 'document') && (headers.accept ?? '').includes('text/html');
};

function hostOf(url: string | undefined): string | null {
  try {
    return url === undefined ? null : new URL(url).host;
  } catch {
    return null;
  }
}
