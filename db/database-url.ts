import { readFileSync } from 'node:fs';
import type { ConnectionOptions } from 'node:tls';

/**
 * How to reach a database: the URL for the driver, and TLS options where the driver does not know the URL's parameter.
 */
export type DatabaseUrl = { url: string; ssl?: ConnectionOptions };

/** Parameters the driver itself reads from a URL. */
const DRIVER = new Set(['sslmode', 'sslnegotiation', 'prepare', 'connect_timeout', 'target_session_attrs']);

/** Parameters of other programs and libraries that have no meaning here, with the values that may be ignored. */
const LEFT_OUT: Record<string, RegExp> = {
  application_name: /./,
  channel_binding: /^(disable|prefer|require)$/,
  connection_limit: /^\d+$/,
  pool_timeout: /^\d+$/,
  gssencmode: /^(disable|prefer)$/,
  schema: /^public$/,
};

const FILES = { sslrootcert: 'ca', sslcert: 'cert', sslkey: 'key' } as const;

/** A database URL that cannot be used. The message names the parameter and never shows a value. */
export class BadDatabaseUrl extends Error {
  constructor(sentence: string) {
    super(sentence);
    this.name = 'BadDatabaseUrl';
  }
}

/**
 * Reads a database URL as hosting services issue it. The driver sends unknown parameters to PostgreSQL as settings,
 * where they fail on every query or remove a limit, so an unknown parameter is refused. Throws BadDatabaseUrl.
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

/** The checks of libpq in each mode, as TLS options. */
const VERIFIED: Record<string, ConnectionOptions> = {
  require: { rejectUnauthorized: false },
  'verify-ca': { checkServerIdentity: () => undefined },
  'verify-full': {},
};

const POOLER =
  'the parameter pgbouncer=true means a pooler; give the address of PostgreSQL itself (docs/operations.md says what a pooler has to do)';

const unknownParameter = (name: string): string =>
  `the parameter ${name.slice(0, 60)} is not known, or not with this value; remove it from the URL`;

function readCertificate(name: string, path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    throw new BadDatabaseUrl(`the file that the parameter ${name} names cannot be read`);
  }
}
