import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openDatabase } from '@/db/client';
import { migrateDatabase } from '@/db/migrate';
import { type PostgresServer, startPostgres } from '@/scripts/services/postgres';
import { asOwner } from './world';

/** The product's role on a separate cluster where it does not exist yet. */

let server: PostgresServer;
beforeAll(async () => {
  server = await startPostgres();
});
afterAll(() => server?.stop());

const urlOf = (database: string, login = 'postgres') =>
  Object.assign(new URL(server.url), { pathname: `/${database}`, username: login }).href;
const asAdmin = (...statements: string[]) =>
  asOwner(server.url, async (admin) => {
    for (const statement of statements) await admin.unsafe(statement);
  });

/**
 * Returns what happens when a login erases the ledger: through the product's own connection, then with every right it
 * can get.
 */
async function tryToErase(url: string): Promise<string[]> {
  const { sql, close } = openDatabase(url, { max: 1 });
  const erase = (statement: string) =>
    sql.unsafe(statement).then(
      () => 'done',
      (error: Error) => error.message,
    );
  try {
    await sql`insert into usage_entry (account_id, kind, period, day, ms) values ('a', 'adjustment', '2026-11', '2026-11-24', 1)`;
    const said = [await erase('delete from usage_entry')];
    await sql.unsafe('set role none');
    return [...said, await erase('delete from usage_entry'), await erase('drop table usage_entry')];
  } finally {
    await close();
  }
}

describe('rights', () => {
  it('QUOTA-19 a login that may not create the role is told what an administrator has to run', async () => {
    await asAdmin('create role modest login', 'create database modest owner modest');
    const url = urlOf('modest', 'modest');
    await expect(migrateDatabase(url)).rejects.toThrow(
      'CREATE ROLE hourglass_app NOLOGIN; GRANT hourglass_app TO "modest"',
    );
    await expect(openDatabase(url, { max: 1 }).sql`select 1`).rejects.toThrow(
      'role "hourglass_app" does not exist',
    );
  });

  it('QUOTA-19 many databases of one cluster are migrated at once', async () => {
    const names = ['one', 'two', 'three', 'four'];
    for (const name of names) await asAdmin(`create database ${name}`);
    await Promise.all(names.flatMap((name) => [migrateDatabase(urlOf(name)), migrateDatabase(urlOf(name))]));
    for (const name of names) expect((await tryToErase(urlOf(name)))[0]).toMatch(/permission denied/);
  });

  it('QUOTA-19 a login that may create roles, or one that was granted the role, is sufficient', async () => {
    await asAdmin('grant hourglass_app to modest', 'create role maker login createrole');
    await asAdmin('create database made owner maker');
    await migrateDatabase(urlOf('modest', 'modest'));
    expect((await tryToErase(urlOf('modest', 'modest')))[0]).toMatch(/permission denied/);
    await asAdmin('grant hourglass_app to maker with admin option');
    await migrateDatabase(urlOf('made', 'maker'));
    expect((await tryToErase(urlOf('made', 'maker')))[0]).toMatch(/permission denied/);
  });

  it('QUOTA-19 holds against the product itself when its login is only a member of the role', async () => {
    await asAdmin('create role product login in role hourglass_app');
    const said = await tryToErase(urlOf('one', 'product'));
    expect(said).toEqual([
      expect.stringMatching(/permission denied/),
      expect.stringMatching(/permission denied|append-only/),
      expect.stringMatching(/must be owner/),
    ]);
  });
});
