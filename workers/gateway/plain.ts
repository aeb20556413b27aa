import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';

const CLOSE_TIMEOUT_MS = 2_000;

/**
 * Answers an upgrade with plain HTTP and closes the socket within CLOSE_TIMEOUT_MS, so that a half-open client cannot hold
 * it.
 */
export function plain(socket: Duplex, status: number, headers: Record<string, string> = {}): void {
  const all = Object.entries({ ...headers, connection: 'close', 'content-length': '0' });
  const lines = all.map(([name, value]) => `${name}: ${value}`);
  const leave = setTimeout(() => socket.destroy(), CLOSE_TIMEOUT_MS).unref();
  socket.once('close', () => clearTimeout(leave));
  const text = `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines.join('\r\n')}\r\n\r\n`;
  socket.end(text, () => socket.destroy());
}
