import { type ClientRequest, type IncomingMessage, type OutgoingHttpHeaders, request } from 'node:http';
import type { Duplex, Readable } from 'node:stream';
import type { Target } from './find-target';
import { ProxyError } from './proxy-error';

export interface Outgoing {
  method: string;
  path: string;
  headers: OutgoingHttpHeaders;
  /** The buffered part of the body. */
  body: Buffer;
  /** The rest of a body that is too long to buffer, or null. */
  rest: Readable | null;
}

export interface Incoming {
  response: IncomingMessage;
  /** The raw connection and its first bytes after the target switched protocols, otherwise null. */
  upgraded: { socket: Duplex; head: Buffer } | null;
}

const retryEveryMs = 50;
const retryForMs = 5000;

/**
 * Sends a request to a target and resolves with the head of the response. A starting target gets a few seconds to
 * open its port. Throws ProxyError for an unreachable target.
 */
export async function sendRequest(target: Target, outgoing: Outgoing, gone: AbortSignal): Promise<Incoming> {
  const until = Date.now() + (target.retry ? retryForMs : 0);
  for (;;) {
    try {
      return await attempt(target, outgoing, gone);
    } catch (error) {
      const refused = (error as NodeJS.ErrnoException).code === 'ECONNREFUSED';
      if (!refused || gone.aborted || Date.now() >= until) {
        throw new ProxyError(
          502,
          'PC01',
          `${target.instance} cannot be reached: ${(error as Error).message}`,
        );
      }
      await new Promise((done) => setTimeout(done, retryEveryMs));
    }
  }
}

function attempt(target: Target, outgoing: Outgoing, gone: AbortSignal): Promise<Incoming> {
  return new Promise((resolve, reject) => {
    const { method, path, headers } = outgoing;
    const { host, port } = target;
    const sent = request({ host, port, method, path, headers, agent: false, signal: gone });
    sent.setNoDelay(true);
    sent.once('error', reject);
    sent.once('response', (response) => resolve({ response, upgraded: null }));
    sent.once('upgrade', (response, socket, head) => resolve({ response, upgraded: { socket, head } }));
    sent.once('socket', (socket) => {
      // A refused connection must not consume any part of a streamed body.
      if (!socket.connecting) writeBody(sent, outgoing);
      else socket.once('connect', () => writeBody(sent, outgoing));
    });
  });
}

function writeBody(sent: ClientRequest, outgoing: Outgoing): void {
  if (outgoing.rest) {
    sent.write(outgoing.body);
    outgoing.rest.pipe(sent);
  } else sent.end(outgoing.body.length > 0 ? outgoing.body : undefined);
}

/** Returns the remaining body of a response. */
export async function readAll(response: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of response as AsyncIterable<Buffer>) parts.push(part);
  return Buffer.concat(parts);
}
