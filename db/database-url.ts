import { readFileSync } from 'node:fs';
import type { ConnectionOptions } from 'node:tls';

/** How to reach a database: the URL the driver gets, and TLS where the URL's own word for it is not one of the driver's. */
export type DatabaseUrl = { url: string; ssl?: ConnectionOptions };

/** What the driver reads from a URL by itself. */
const DRIVER = new Set(['sslmode', 'sslnegotiation', 'prepare', 'connect_timeout', 'target_session_attrs']);

/** What other programs and libraries read from the same URL and has no meaning here, with the values that may be left out. */
const LEFT_OUT: Record<string, RegExp> = {
  application_name: /./,
  channel_binding: /^(disable|prefer|require)$/,
  connection_limit: /^\d+$/,
  pool_timeout: /^\d+$/,
  gssencmode: /^(disable|prefer)$/,
  schema: /^public$/,
};

const FILES = { sslrootcert: 'ca', sslcert: 'cert', sslkey: 'key' } as const;

/** A database URL that cannot be used; the sentence names its parameter and never shows a value. */
export class BadDatabaseUrl extends Error {
  constructor(sentence: string) {
    super(sentence);
    this.name = 'BadDatabaseUrl';
  }
}

/**
 * Reads a URL as hosting services hand them out. The driver would send each parameter it does not know to PostgreSQL as a
 * setting, where it fails at every question or undoes a limit: such a parameter is refused here. Throws BadDatabaseUrl.
 */
export function readDatabaseUrl(text: string): DatabaseUrl {
  const url = new URL(text);
  const tls: ConnectionOptions = {};
  for (const [name, value] of [...url.searchParams]) {
    if (DRIVER.has(name) || (name === 'sslrootcert' && value === 'system')) continue;
    if (name === 'pgbouncer' && value === 'true') throw new BadDatabaseUrl(POOLER);
    const isFile = name in FILES;
    if (isFile) tls[FILES[name as keyof typeof FILES]] = readCertificate(name, value);
    else if (!LEFT_OUT[name]?.test(value)) throw new BadDatabaseUrl(unknownParameter(name));
    url.searchParams.delete(name);
  }
  const mode = url.searchParams.get('sslmode');
  if (mode !== 'verify-ca' && Object.keys(tls).length === 0) return { url: url.href };
  url.searchParams.delete('sslmode');
  return { url: url.href, ssl: { ...tls, ...VERIFIED[mode ?? 'verify-full'] } };
}

/** What libpq checks in each mode, as TLS options. */
const VERIFIED: Record<string, ConnectionOptions> = {
  require: { rejectUnauthorized: false },
  'verify-ca': { checkServerIdentity: () => undefined },
  'verify-full': {},
};

const POOLER =
  'the parameter pgbouncer=true names a pooler between; give the address of PostgreSQL itself (docs/operations.md says what a pooler has to do)';

const unknownParameter = (name: string): string =>
  `the parameter ${name.slice(0, 60)} is not known, or not with this value; remove it from the URL`;

function readCertificate(name: string, path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    throw new BadDatabaseUrl(`the file that the parameter ${name} names cannot be read`);
  }
}
