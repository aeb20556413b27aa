import { Agent, request as ask, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { pipeline } from 'node:stream';
import { monotonicMs } from '../clock';
import type { Call, Door, Raise } from '../doors/doors';
import { Refusal } from '../doors/refusal';
import { headersToProgram, headersToVisitor, type Place } from './headers';
import { type Listener, type ListeningOptions, listeners } from './listening';
import { answerNothing } from './nothing-page';

/** How long a list of ports is reused. */
const FRESH_MS = 1_000;

/**
 * Passes each request to the program that listens on the port its host names. Bytes are streamed both ways, so that memory
 * does not grow with the size of a body.
 */
export class PortDoor implements Door {
  private readonly agent = new Agent({ keepAlive: true, maxFreeSockets: 16 });
  private seen: { at: number; listeners: Listener[] } = { at: Number.NEGATIVE_INFINITY, listeners: [] };

  constructor(private readonly options: ListeningOptions) {}

  /** Returns the listening programs, as JSON. */
  readonly list: Door = {
    serve: async ({ response }) => answerJson(response, { items: this.listening(0) }),
  };

  async serve({ verb, request, response, signal }: Call): Promise<void> {
    const listener = this.find(Number(verb));
    if (!listener) return answerNothing(request, response, Number(verb));
    await this.pass(request, response, listener, signal);
  }

  raise({ verb, request, socket, head, signal }: Raise): void {
    const listener = this.find(Number(verb));
    if (!listener) throw new Refusal(502, 'NOT_FOUND', `Nothing listens on port ${verb}.`);
    const place = placeOf(request, listener.port);
    const headers = {
      ...headersToProgram(request.headers, place),
      connection: 'Upgrade',
      upgrade: request.headers.upgrade,
    };
    const { host, port } = listener;
    const sent = ask({
      host,
      port,
      method: request.method,
      path: request.url,
      headers,
      signal,
      agent: false,
    });
    sent.on('error', () => socket.destroy());
    sent.on('response', (answer) => {
      answer.resume();
      socket.end(`HTTP/1.1 ${answer.statusCode} Refused\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
    });
    sent.on('upgrade', (answer, program, first) => join(socket, head, answer, program, first, place));
    socket.on('close', () => sent.destroy());
    sent.end();
  }

  /** Returns the program of a port; null when none listens. A program that has just begun is found at once. */
  private find(port: number): Listener | null {
    const at = (list: Listener[]) => list.find((listener) => listener.port === port) ?? null;
    return at(this.listening(FRESH_MS)) ?? at(this.listening(0));
  }

  private listening(freshMs: number): Listener[] {
    const now = monotonicMs();
    if (now - this.seen.at >= freshMs) this.seen = { at: now, listeners: listeners(this.options) };
    return this.seen.listeners;
  }

  private pass(
    request: IncomingMessage,
    response: ServerResponse,
    listener: Listener,
    signal: AbortSignal,
  ): Promise<void> {
    const place = placeOf(request, listener.port);
    const headers = headersToProgram(request.headers, place);
    if (request.headers['transfer-encoding']) headers['transfer-encoding'] = 'chunked';
    const { host, port } = listener;
    return new Promise((resolve) => {
      const { agent } = this;
      const sent = ask({ host, port, method: request.method, path: request.url, headers, agent, signal });
      sent.on('error', () => {
        if (response.headersSent || signal.aborted) response.destroy();
        else answerNothing(request, response, port);
        resolve();
      });
      sent.on('response', (answer) => {
        response.writeHead(answer.statusCode ?? 502, headersToVisitor(answer.headers, place));
        response.flushHeaders();
        pipeline(answer, response, () => resolve());
      });
      pipeline(request, sent, () => {});
    });
  }
}

/** Returns the public address of this request's port. */
function placeOf({ headers }: IncomingMessage, port: number): Place {
  const scheme = headers['x-forwarded-proto'] === 'https' ? 'https' : 'http';
  return { port, origin: `${scheme}://${headers.host}` };
}

function answerJson(response: ServerResponse, body: object): void {
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

function join(
  visitor: Duplex,
  head: Buffer,
  answer: IncomingMessage,
  program: Duplex,
  first: Buffer,
  place: Place,
): void {
  const headers = Object.entries({
    ...headersToVisitor(answer.headers, place),
    connection: 'Upgrade',
    upgrade: answer.headers.upgrade ?? 'websocket',
  });
  const lines = headers.flatMap(([name, value]) => [value ?? []].flat().map((one) => `${name}: ${one}`));
  visitor.write(`HTTP/1.1 101 Switching Protocols\r\n${lines.join('\r\n')}\r\n\r\n`);
  if (first.length > 0) visitor.write(first);
  if (head.length > 0) program.write(head);
  pipeline(visitor, program, visitor, () => {});
}
