import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { parseEnv } from '@/server/env';
import { TEST_ENV } from '@/test/world';
import { readDatabaseUrl } from './database-url';

const dir = mkdtempSync(join(tmpdir(), 'hourglass-url-'));
const ca = join(dir, 'ca.pem');
writeFileSync(ca, 'a certificate');
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const at = (query: string) => `postgres://u:secret@db.test:5432/app${query}`;

describe('the URL of a hosted database', () => {
  it.each([
    ['', ''],
    ['?sslmode=require', '?sslmode=require'],
    ['?sslmode=require&channel_binding=require', '?sslmode=require'],
    ['?schema=public&connection_limit=5&application_name=x', ''],
    ['?prepare=false', '?prepare=false'],
    ['?sslmode=verify-full&sslrootcert=system', '?sslmode=verify-full&sslrootcert=system'],
  ])('QUOTA-53 is accepted as hosting services issue it: %s', (given, kept) => {
    expect(readDatabaseUrl(at(given))).toEqual({ url: at(kept) });
  });

  it('QUOTA-53 names certificates, which are read and verified as the mode requires', () => {
    expect(readDatabaseUrl(at(`?sslmode=verify-full&sslrootcert=${ca}`))).toEqual({
      url: at(''),
      ssl: { ca: 'a certificate' },
    });
    const { ssl } = readDatabaseUrl(at(`?sslmode=verify-ca&sslrootcert=${ca}`));
    expect(ssl).toMatchObject({ ca: 'a certificate' });
    expect(ssl?.checkServerIdentity?.('other.test', {} as never)).toBeUndefined();
    expect(readDatabaseUrl(at(`?sslmode=require&sslrootcert=${ca}`)).ssl).toMatchObject({
      rejectUnauthorized: false,
    });
  });

  it.each([
    ['?lock_timeout=0', /DATABASE_URL: the parameter lock_timeout is not known/],
    ['?role=postgres', /the parameter role is not known/],
    ['?options=-c%20role%3Dpostgres', /the parameter options is not known/],
    ['?schema=other', /the parameter schema is not known, or not with this value/],
    ['?pgbouncer=true', /pgbouncer=true means a pooler/],
    ['?sslrootcert=/nowhere/ca.pem', /the file that the parameter sslrootcert names cannot be read/],
  ])('QUOTA-53 is refused at start with the name of the bad parameter: %s', (query, sentence) => {
    const parse = () => parseEnv({ ...TEST_ENV, DATABASE_URL: at(query) });
    expect(parse).toThrow(sentence);
    expect(parse).not.toThrow(/secret/);
  });
});
