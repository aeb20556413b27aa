import { isLoopback } from './loopback';

/** The wildcard address under which ports are shown: a scheme, `*.`, a host and perhaps a port. */
export const PORTS_URL = /^https?:\/\/\*\.[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:\d{1,5})?$/;

/** Returns the origin of one port of a session. */
export const portOriginOf = (portsUrl: string, sessionId: string, port: number): string =>
  portsUrl.replace('*', `${port}--${sessionId}`);

/** Returns the port and the session that a host names, or null for any other host. */
export function portPlaceOf(
  portsUrl: string,
  host: string | undefined,
): { port: number; sessionId: string } | null {
  const [, rest = ''] = portsUrl.split('*.');
  const [name = ''] = (host ?? '').toLowerCase().split(':');
  const [hostName = ''] = rest.split(':');
  if (!name.endsWith(`.${hostName}`)) return null;
  const match = /^(\d{1,5})--([\w-]{1,64})$/.exec(name.slice(0, -hostName.length - 1));
  const port = Number(match?.[1]);
  return match?.[2] && port >= 1 && port <= 65_535 ? { port, sessionId: match[2] } : null;
}

/**
 * Whether a page of a port could set cookies for the app or send it those of the app: both are below one domain. Judged
 * by the last two labels, so that some domains are refused that a registry keeps apart. Pure.
 */
export function sharesSite(portsUrl: string, appUrl: string): boolean {
  const ports = portsUrl.replace('*.', '');
  if (isLoopback(ports) && isLoopback(appUrl)) return false;
  return siteOf(ports) === siteOf(appUrl);
}

const siteOf = (url: string): string => new URL(url).hostname.split('.').slice(-2).join('.');
