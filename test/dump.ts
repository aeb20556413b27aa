import { execFile, execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { migrateDatabase } from '@/db/migrate';
import { type PostgresServer, startPostgres } from '@/scripts/services/postgres';
import { asOwner } from './world';

const run = promisify(execFile);

/** A server whose databases can be dumped and restored, with the tools this computer has. */
export type DumpServer = {
  how: string;
  urlOf(database: string): string;
  /** Dumps one database as it is now; returns a function that restores the dump into a new database. */
  dump(database: string): Promise<(into: string) => Promise<void>>;
  close(): Promise<void>;
};

type Tools = { bin: string; major: number };

/** Returns every pg_dump that has its pg_restore, newest first. The server that came with the dependencies has none. */
function findTools(): Tools[] {
  const debian = '/usr/lib/postgresql';
  const folders = [
    ...(existsSync(debian) ? readdirSync(debian).map((version) => join(debian, version, 'bin')) : []),
    ...(process.env.PATH ?? '').split(delimiter),
  ];
  return folders
    .filter((bin) => existsSync(join(bin, 'pg_dump')) && existsSync(join(bin, 'pg_restore')))
    .map((bin) => {
      const said = execFileSync(join(bin, 'pg_dump'), ['--version'], { encoding: 'utf8' });
      return { bin, major: Number(/(\d+)/.exec(said)?.[1] ?? 0) };
    })
    .sort((a, b) => b.major - a.major);
}

const majorOf = (url: string) =>
  asOwner(url, async (sql) => {
    const [row] = await sql<
      { major: number }[]
    >`select current_setting('server_version_num')::int / 10000 as major`;
    return row?.major ?? 0;
  });

/**
 * Uses the tests' own server if a pg_dump here can read it; else the server that belongs to a pg_dump here; else the
 * tests' server with COPY into freshly migrated tables, which is what a dump consists of.
 */
export async function openDumpServer(): Promise<DumpServer> {
  const given = process.env.TEST_POSTGRES_URL ?? '';
  const tools = findTools();
  const major = await majorOf(given);
  const fitting = tools.find((tool) => tool.major >= major);
  if (fitting) return dumpServer(given, withTools(fitting), `pg_dump ${fitting.major}`);
  const whole = tools.find(
    ({ bin, major: own }) =>
      own >= 15 && existsSync(join(bin, 'postgres')) && existsSync(join(bin, 'initdb')),
  );
  if (!whole) return dumpServer(given, copyTables, 'COPY, since there is no pg_dump here');
  const binaries = { postgres: join(whole.bin, 'postgres'), initdb: join(whole.bin, 'initdb') };
  const own = await startPostgres({ binaries });
  return dumpServer(own.url, withTools(whole), `pg_dump ${whole.major} and its server`, own);
}

type Dumper = (from: string) => Promise<(to: string) => Promise<void>>;

function dumpServer(server: string, dumper: Dumper, how: string, own?: PostgresServer): DumpServer {
  const urlOf = (database: string) => Object.assign(new URL(server), { pathname: `/${database}` }).href;
  const made: string[] = [];
  return {
    how,
    urlOf,
    async dump(database) {
      const restore = await dumper(urlOf(database));
      return async (into) => {
        await asOwner(server, (admin) => admin.unsafe(`create database ${into}`));
        made.push(into);
        await restore(urlOf(into));
      };
    },
    async close() {
      for (const name of made)
        await asOwner(server, (admin) => admin.unsafe(`drop database ${name} with (force)`));
      await own?.stop();
    },
  };
}

/** As described in docs/operations.md. */
const withTools =
  ({ bin }: Tools): Dumper =>
  async (from) => {
    const folder = mkdtempSync(join(tmpdir(), 'hourglass-dump-'));
    const file = join(folder, 'hourglass.dump');
    await run(join(bin, 'pg_dump'), ['--format=custom', `--file=${file}`, from]);
    return async (to) => {
      await run(join(bin, 'pg_restore'), ['--exit-on-error', '--no-owner', `--dbname=${to}`, file]);
      rmSync(folder, { recursive: true, force: true });
      await migrateDatabase(to);
    };
  };

const copyTables: Dumper = async (from) => {
  const tables = new Map<string, Buffer[]>();
  await asOwner(from, async (sql) => {
    const names = await sql<{ name: string }[]>`
      select relname as name from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r'`;
    await sql`begin isolation level repeatable read`;
    for (const { name } of names) {
      const chunks: Buffer[] = [];
      for await (const chunk of await sql`copy ${sql(name)} to stdout`.readable())
        chunks.push(chunk as Buffer);
      tables.set(name, chunks);
    }
    await sql`commit`;
  });
  return async (to) => {
    await migrateDatabase(to);
    await asOwner(to, async (sql) => {
      await sql`create table if not exists hand_clock (at timestamptz not null)`;
      await sql.unsafe(`
        create or replace function hg_clock() returns timestamptz language sql volatile as 'select at from hand_clock';
        set session_replication_role = replica;`);
      for (const [name, chunks] of tables) {
        await sql`delete from ${sql(name)}`;
        await pipeline(chunks, await sql`copy ${sql(name)} from stdin`.writable());
      }
      await sql`select setval('usage_entry_id_seq', (select coalesce(max(id), 0) + 1 from usage_entry), false)`;
    });
  };
};
