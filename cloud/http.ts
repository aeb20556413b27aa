import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo, Server } from 'node:net';

/** The handle of a started part of the local cloud. */
export interface StartedPart {
  port: number;
  close(): Promise<void>;
}

/**
 * Listens on loopback, or on the address in CLOUD_HOST, and returns the port; 0 chooses a free one. Throws an error
 * that names the port and its variable when the port is taken.
 */
export function listen(server: Server, port: number, part: string, variable: string): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EADDRINUSE') return reject(error);
      reject(
        new Error(`Port ${port} (${part}) is already in use: stop the other process or set ${variable}.`),
      );
    });
    server.listen(port, process.env.CLOUD_HOST || '127.0.0.1', () =>
      resolve((server.address() as AddressInfo).port),
    );
  });
}

/** Returns a whole request body. Throws for a body longer than `limit` bytes. */
export async function readBody(req: IncomingMessage, limit = 4 * 1024 * 1024): Promise<Buffer> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of req as AsyncIterable<Buffer>) {
    size += part.length;
    if (size > limit) throw new Error(`The request body is longer than ${limit} bytes.`);
    parts.push(part);
  }
  return Buffer.concat(parts);
}

/** Sends a JSON response, or an empty body when `value` is undefined. */
export function sendJson(
  res: ServerResponse,
  status: number,
  value?: unknown,
  headers: Record<string, string> = {},
): void {
  const text = value === undefined ? '' : JSON.stringify(value);
  res.writeHead(status, {
    ...headers,
    ...(text ? { 'content-type': 'application/json; charset=utf-8' } : {}),
    'content-length': Buffer.byteLength(text),
  });
  res.end(text);
}
