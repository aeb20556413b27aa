import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { LocalFly } from '@/cloud/testing/local-fly';
import { openDatabase } from '@/db/client';
import { migrateDatabase } from '@/db/migrate';
import { seedPlans } from '@/db/seed';
import { endChild, waitFor } from '@/scripts/services/processes';
import { ROOT } from '@/scripts/stack-part';
import { verifyLedger } from '@/server/quota/verify-ledger';
import { createTestRedis, type TestRedis } from './redis';
import { asOwner, TEST_ENV } from './world';

/**
 * The build before the newest migration, as processes, on a database that the newest code migrates meanwhile.
 * UPGRADE_FROM=<commit> selects an older build.
 */

const git = (...args: string[]) =>
  execFileSync('git', args, { cwd: ROOT, encoding: 'utf8', stdio: 'pipe' }).trim();

/** Returns the commit before the newest migration was added; null where the history does not reach that far. */
function findOldCommit(): string | null {
  if (process.env.UPGRADE_FROM) return process.env.UPGRADE_FROM;
  const newest = readdirSync(join(ROOT, 'db/migrations'))
    .filter((name) => name.endsWith('.sql'))
    .sort()
    .at(-1);
  try {
    const added = git('log', '-1', '--diff-filter=A', '--format=%H', '--', `db/migrations/${newest}`);
    return added === '' ? git('rev-parse', 'HEAD') : git('rev-parse', '--verify', `${added}^`);
  } catch {
    return null;
  }
}

const commit = findOldCommit();
if (commit === null)
  process.stdout.write('upgrade: skipped, the build before the newest migration is not in this checkout\n');

const old = mkdtempSync(join(tmpdir(), 'hourglass-old-'));
const database = `hourglass_upgrade_${process.pid}`;
const server = process.env.TEST_POSTGRES_URL ?? '';
const url = Object.assign(new URL(server), { pathname: `/${database}` }).href;
let redis: TestRedis;
let fly: LocalFly;
const children: ChildProcess[] = [];

beforeAll(async () => {
  if (commit === null) return;
  const tar = execFileSync('git', ['archive', '--format=tar', commit], { cwd: ROOT, maxBuffer: 1 << 28 });
  execFileSync('tar', ['-x', '-C', old], { input: tar });
  symlinkSync(join(ROOT, 'node_modules'), join(old, 'node_modules'));
  cpSync(join(ROOT, 'test/upgrade/drive.ts'), join(old, 'drive.ts'));
  [redis, fly] = await Promise.all([createTestRedis(), LocalFly.start()]);
  await asOwner(server, (admin) => admin.unsafe(`create database ${database}`));
}, 60_000);

afterAll(async () => {
  for (const child of children) await endChild(child, 'SIGKILL', 5_000);
  await fly?.close();
  await redis?.drop();
  if (commit !== null)
    await asOwner(server, (admin) => admin.unsafe(`drop database if exists ${database} with (force)`));
  rmSync(old, { recursive: true, force: true });
}, 60_000);

/** Starts a process of the old build and collects its output lines. */
function runOld(script: string): { child: ChildProcess; lines: string[]; ended: Promise<number | null> } {
  const child = spawn(process.execPath, ['--import', 'tsx', script], {
    cwd: old,
    env: {
      ...process.env,
      ...TEST_ENV,
      DATABASE_URL: url,
      REDIS_URL: redis.url,
      FLY_API_URL: `http://127.0.0.1:${fly.fly.port}`,
      FLY_API_TOKEN: 'test',
      FLY_ORG: 'test',
      SESSION_IMAGE: 'session',
      WORKER_PORT: '0',
      LOG_LEVEL: 'error',
      SWEEP_INTERVAL_MS: '200',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  children.push(child);
  const lines: string[] = [];
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => lines.push(...chunk.toString().split('\n').filter(Boolean)));
  return { child, lines, ended: new Promise((resolve) => child.once('exit', resolve)) };
}

it.skipIf(commit === null)(
  'ACCOUNT-20 an older build keeps working while the database is migrated, and after',
  {
    timeout: 400_000,
  },
  async () => {
    const migrated = runOld('operator/migrate.ts');
    expect(await migrated.ended, migrated.lines.join('\n')).toBe(0);
    await asOwner(url, (owner) => seedPlans(owner));
    const worker = runOld('workers/timekeeper/main.ts');
    const people = runOld('drive.ts');
    const count = (what: string) => people.lines.filter((line) => line === what).length;
    const more = async (what: string, from: number) => {
      const enough = await waitFor(
        () => count(what) >= from + 5 || people.child.exitCode !== null,
        120_000,
        50,
      );
      expect(enough && people.child.exitCode === null, people.lines.slice(-20).join('\n')).toBe(true);
    };
    await more('stop', 0);

    await migrateDatabase(url);
    const after = { start: count('start'), renew: count('renew'), stop: count('stop') };
    for (const what of ['start', 'renew', 'stop'] as const) await more(what, after[what]);

    people.child.kill('SIGTERM');
    expect(await people.ended).toBe(0);
    expect(people.lines.filter((line) => line.startsWith('broke'))).toEqual([]);
    // Delays of the local provider on a busy computer do not count against the database.
    const refused = people.lines.filter((line) => line.startsWith('refused'));
    expect(refused.filter((line) => !/NO_CAPACITY|PROVIDER_UNAVAILABLE/.test(line))).toEqual([]);

    // The newest code verifies what the old build wrote, and its worker ends every run.
    const { sql, close } = openDatabase(url, { max: 1 });
    try {
      const allEnded = async () => (await sql`select 1 from run where ended_at is null limit 1`).length === 0;
      expect(await waitFor(allEnded, 40_000, 100)).toBe(true);
      expect(await verifyLedger({ sql }, null)).toMatchObject({ problems: [], drift: [] });
      const [ran] = await sql<{ count: number }[]>`select count(*) from run where started_at is not null`;
      expect(ran?.count).toBeGreaterThanOrEqual(10);
    } finally {
      await close();
    }
    expect(worker.lines.filter((line) => /PostgresError|does not exist|violates|denied/.test(line))).toEqual(
      [],
    );
  },
);
