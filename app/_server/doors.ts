import type { IncomingMessage, ServerResponse } from 'node:http';
import { webContext } from './context';
import { isSmall, requestOf } from './read-bounded';
import { API_HEADERS, STANDING_HEADERS } from './standing-headers.mjs';

/**
 * Answers the busiest API routes straight from the connection in production: Next's page middleware, routing and
 * streams would take as long as the answers themselves. The same handlers serve requests that arrive through Next.
 */

type Handler = (request: Request) => Promise<Response>;
type Door = { path: RegExp; handlers: Partial<Record<string, Handler>> };
type Doors = {
  known: Map<string, Door>;
  /** Answers a request and returns true, or returns false when no door matches. */
  answer(message: IncomingMessage, response: ServerResponse): boolean;
};

// The web server reads the doors under this key; a global symbol, because a bundler may load this module twice.
const KEY = Symbol.for('hourglass.doors');
const store = globalThis as unknown as { [KEY]?: Doors };

/** Opens a door for paths below `/api` that match `path` entirely. Routes call it when they are loaded. */
export function openDoor(path: RegExp, handlers: Door['handlers']): void {
  store[KEY] ??= { known: new Map(), answer: answerAtDoor };
  store[KEY].known.set(path.source, { path, handlers });
}

function answerAtDoor(message: IncomingMessage, response: ServerResponse): boolean {
  const [path = ''] = (message.url ?? '').split('?', 1);
  for (const door of store[KEY]?.known.values() ?? []) {
    const handler = door.path.test(path) ? door.handlers[message.method ?? ''] : undefined;
    // A body of unknown length, or a large one, is left to Next, which streams it.
    if (!handler || (message.method !== 'GET' && !isSmall(message))) continue;
    void serve(handler, message, response);
    return true;
  }
  return false;
}

async function serve(handler: Handler, message: IncomingMessage, response: ServerResponse): Promise<void> {
  try {
    await send(response, await ask(handler, message));
  } catch (error) {
    if (message.destroyed) return void response.destroy();
    webContext().ctx.log.error({ err: error, path: message.url }, 'a request failed');
    if (response.headersSent) response.destroy();
    else response.writeHead(500, { ...STANDING_HEADERS, ...API_HEADERS }).end();
  }
}

/** A placeholder: no handler reads the origin, because links are built from the settings. */
const ORIGIN = 'http://localhost';

async function ask(handler: Handler, message: IncomingMessage): Promise<Response> {
  const { method, url } = message;
  const headers = headersOf(message);
  if (method === 'GET') return handler(new Request(`${ORIGIN}${url}`, { headers }));
  return handler(await requestOf(`${ORIGIN}${url}`, { method, headers }, message));
}

function headersOf(message: IncomingMessage): Headers {
  const headers = new Headers();
  for (const [name, value] of Object.entries(message.headers))
    for (const one of [value].flat()) if (one !== undefined) headers.append(name, one);
  return headers;
}

async function send(response: ServerResponse, answer: Response): Promise<void> {
  const body = Buffer.from(await answer.arrayBuffer());
  for (const [name, value] of Object.entries(STANDING_HEADERS)) response.setHeader(name, value);
  for (const [name, value] of Object.entries(API_HEADERS)) response.setHeader(name, value);
  for (const [name, value] of answer.headers) if (name !== 'set-cookie') response.setHeader(name, value);
  const cookies = answer.headers.getSetCookie();
  if (cookies.length > 0) response.setHeader('set-cookie', cookies);
  response.setHeader('content-length', body.byteLength);
  response.writeHead(answer.status).end(body);
}
