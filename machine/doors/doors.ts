import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { grantOf, stateOf } from '../terminal/replay-state';
import { Refusal, refusalOf } from './refusal';

/** An admitted request. */
export type Call = {
  request: IncomingMessage;
  response: ServerResponse;
  /** The part of the address after the session; for a port, its number. */
  verb: string;
  query: URLSearchParams;
  /** Aborts when the caller hangs up, when the grant ends, and when the machine stops. */
  signal: AbortSignal;
};

/** An admitted upgrade. */
export type Raise = Omit<Call, 'response'> & { socket: Duplex; head: Buffer };

export type Door = {
  serve(call: Call): Promise<void>;
  raise?(raise: Raise): void;
};

type DoorName = 'files' | 'exec' | 'ports' | 'port';

export type DoorsOptions = {
  sessionId: string;
  runToken: string;
  doors: Record<DoorName, Door>;
};

type Entered = { grant: string; end: AbortController };

/**
 * The doors of a machine besides its terminals. Admits requests that the gateway sent to this run and this door, and ends
 * them when their grant ends.
 */
export class Doors {
  private readonly entered = new Set<Entered>();
  private isClosed = false;

  constructor(private readonly options: DoorsOptions) {}

  /** Serves a request for one of the doors. Returns false for any other request. */
  request(request: IncomingMessage, response: ServerResponse): boolean {
    const asked = this.askedFor(request);
    if (!asked) return false;
    void this.serve(request, response, asked);
    return true;
  }

  private async serve(request: IncomingMessage, response: ServerResponse, asked: Asked): Promise<void> {
    response.on('error', () => {});
    // Responses of the session's programs keep their own headers.
    if (asked.door !== 'port') allowPage(request, response);
    try {
      const entered = this.enter(request, asked);
      response.once('close', () => this.leave(entered));
      await this.options.doors[asked.door].serve({
        ...asked,
        request,
        response,
        signal: entered.end.signal,
      });
    } catch (error) {
      answerRefusal(response, refusalOf(error));
    }
  }

  /** Serves an upgrade for one of the doors. Returns false for any other upgrade. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): boolean {
    const asked = this.askedFor(request);
    if (!asked) return false;
    socket.on('error', () => {});
    try {
      const door = this.options.doors[asked.door];
      const entered = this.enter(request, asked);
      socket.once('close', () => this.leave(entered));
      entered.end.signal.addEventListener('abort', () => socket.destroy());
      if (!door.raise) throw new Refusal(404, 'NOT_FOUND', 'There is nothing here.');
      door.raise({ ...asked, request, socket, head, signal: entered.end.signal });
    } catch (error) {
      const { status } = refusalOf(error);
      socket.end(`HTTP/1.1 ${status} Refused\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`, () =>
        socket.destroy(),
      );
    }
    return true;
  }

  private askedFor(request: IncomingMessage): Asked | null {
    const place = /^(\d{1,5})--([\w-]{1,64})\./.exec(request.headers.host ?? '');
    if (place) {
      const [, port = '', session = ''] = place;
      // A port has a state of its own: the gateway signs a state for one port only.
      const purpose = `port-${port}`;
      return { door: 'port', purpose, sessionId: session, verb: port, query: new URLSearchParams() };
    }
    const match = /^\/(files|exec|ports)\/([\w-]{1,64})(?:\/([\w-]*))?(?:\?(.*))?$/.exec(request.url ?? '');
    if (!match) return null;
    const [, door = '', sessionId = '', verb = '', query = ''] = match;
    return { door: door as DoorName, purpose: door, sessionId, verb, query: new URLSearchParams(query) };
  }

  /**
   * Admits a request. Throws UNAUTHORIZED for one the gateway did not send to this run and door, NOT_RUNNING while the
   * machine stops.
   */
  private enter(request: IncomingMessage, { purpose, sessionId }: Asked): Entered {
    const header = request.headers['fly-replay-src'];
    const state = stateOf(Array.isArray(header) ? header[0] : header);
    const grant = grantOf(state, this.options.runToken, Date.now(), purpose);
    if (grant === null || sessionId !== this.options.sessionId)
      throw new Refusal(401, 'UNAUTHORIZED', 'This link is not valid any more. Ask for a new one.');
    if (this.isClosed) throw new Refusal(409, 'NOT_RUNNING', 'This session is stopping.');
    const entered = { grant, end: new AbortController() };
    this.entered.add(entered);
    return entered;
  }

  private leave(entered: Entered): void {
    this.entered.delete(entered);
    entered.end.abort();
  }

  /** Returns the grants of the open requests. */
  grants(): string[] {
    return [...this.entered].map(({ grant }) => grant);
  }

  /** Ends the requests opened with a grant that has ended. */
  endGrant(grant: string): void {
    for (const entered of [...this.entered]) if (entered.grant === grant) this.leave(entered);
  }

  /** Refuses new requests from now on, and ends the open ones. */
  close(): void {
    this.isClosed = true;
    for (const entered of [...this.entered]) this.leave(entered);
  }
}

type Asked = { door: DoorName; purpose: string; sessionId: string; verb: string; query: URLSearchParams };

/** Lets the page that asked read the response: the gateway admits our own pages only. */
function allowPage({ headers }: IncomingMessage, response: ServerResponse): void {
  response.setHeader('cache-control', 'no-store');
  response.setHeader('x-content-type-options', 'nosniff');
  response.setHeader('content-security-policy', "default-src 'none'; sandbox; frame-ancestors 'none'");
  if (!headers.origin) return;
  response.setHeader('access-control-allow-origin', headers.origin);
  response.setHeader('access-control-expose-headers', 'content-range, content-length, etag');
  response.setHeader('vary', 'origin');
}

/** Sends a refusal as JSON. A response that has begun is cut off instead, so that its beginning does not pass for the whole. */
function answerRefusal(response: ServerResponse, { status, reason, message }: Refusal): void {
  if (response.headersSent) return void response.destroy();
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify({ error: { reason, message } }));
}
