import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http';

const HOP_BY_HOP = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);
/** The cookie that identifies a visitor to the gateway: see `workers/gateway/port-pages.ts`. */
const PASS_COOKIE = /^(__Host-)?hourglass-port=/;

export type Place = { port: number; origin: string };

/**
 * Returns the headers a program receives: those of the visitor, with the program's own address as host, because
 * development servers refuse hosts they do not know. The visitor's pass and the headers of the proxy are removed.
 */
export function headersToProgram(headers: IncomingHttpHeaders, { port, origin }: Place): OutgoingHttpHeaders {
  const kept = passedOn(headers);
  const cookie = (headers.cookie ?? '')
    .split(/;\s*/)
    .filter((pair) => pair !== '' && !PASS_COOKIE.test(pair))
    .join('; ');
  delete kept.cookie;
  if (cookie !== '') kept.cookie = cookie;
  if (headers.origin === origin) kept.origin = `http://localhost:${port}`;
  return { ...kept, host: `localhost:${port}`, 'x-forwarded-host': headers.host };
}

/** Returns the headers a visitor receives. A program cannot direct the proxy, and its own address becomes the public one. */
export function headersToVisitor(headers: IncomingHttpHeaders, { port, origin }: Place): OutgoingHttpHeaders {
  const kept = passedOn(headers);
  const own = new RegExp(`^https?://(localhost|127\\.0\\.0\\.1|\\[::1\\]):${port}(?=/|$)`);
  if (typeof headers.location === 'string') kept.location = headers.location.replace(own, origin);
  return kept;
}

function passedOn(headers: IncomingHttpHeaders): OutgoingHttpHeaders {
  const named = new Set((headers.connection ?? '').split(',').map((name) => name.trim().toLowerCase()));
  return Object.fromEntries(
    Object.entries(headers).filter(
      ([name, value]) =>
        value !== undefined && !HOP_BY_HOP.has(name) && !named.has(name) && !name.startsWith('fly-'),
    ),
  );
}
