import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import postgres from 'postgres';
import { migrateDatabase, migrationSentence } from '@/db/migrate';
import { makeDemoAccounts } from '../operator/demo-accounts';
import { buildAll } from './build-all';
import { lockFolder } from './lock-folder';
import { startPostgres } from './services/postgres';
import { SetupError } from './services/processes';
import { startRedis } from './services/redis';
import { fixedPorts, ROOT, type Stack, startStack } from './stack';

/** `npm run up`: starts services, database, build and processes, prints the addresses and waits for Ctrl-C. */

const dev = process.argv.includes('--dev');
const dir = join(ROOT, '.hourglass');
const closers: (() => Promise<void> | void)[] = [];
const say = (line: string) => process.stdout.write(`${line}\n`);

async function step<T>(what: string, work: () => Promise<T>): Promise<T> {
  const from = performance.now();
  process.stdout.write(`${what} … `);
  const result = await work();
  say(`${((performance.now() - from) / 1000).toFixed(1)} s`);
  return result;
}

/** Returns the secret of this folder, created on first use. */
function readSecret(): string {
  const file = join(dir, 'secret');
  if (!existsSync(file)) writeFileSync(file, randomBytes(32).toString('base64url'), { mode: 0o600 });
  return readFileSync(file, 'utf8').trim();
}

async function openPostgres(): Promise<string> {
  if (process.env.DATABASE_URL) return process.env.DATABASE_URL;
  const server = await step('PostgreSQL', () => startPostgres({ dataDir: join(dir, 'postgres') }));
  closers.push(() => server.stop());
  const admin = postgres(server.url, { max: 1, onnotice: () => {} });
  const [found] = await admin`select 1 from pg_database where datname = 'hourglass'`;
  if (!found) await admin.unsafe('create database hourglass');
  await admin.end();
  return Object.assign(new URL(server.url), { pathname: '/hourglass' }).href;
}

async function openRedis(): Promise<string> {
  if (process.env.REDIS_URL) return process.env.REDIS_URL;
  const server = await step('Redis', () => startRedis({ dir: join(dir, 'redis'), say }));
  closers.push(() => server.stop());
  return server.url;
}

async function up(): Promise<void> {
  mkdirSync(dir, { recursive: true });
  closers.push(lockFolder(dir));
  const ports = await fixedPorts(process.env);
  const databaseUrl = await openPostgres();
  const redisUrl = await openRedis();
  await step('Migrations', () =>
    migrateDatabase(databaseUrl).catch((error) => {
      throw new SetupError(migrationSentence(error));
    }),
  );
  const authSecret = readSecret();
  const people = await step('Demo accounts', () =>
    makeDemoAccounts({ DATABASE_URL: databaseUrl, AUTH_SECRET: authSecret }),
  );
  await buildAll({ dev, say });
  const stack = await step('Processes', () =>
    startStack({
      dir,
      databaseUrl,
      redisUrl,
      authSecret,
      dev,
      ports,
      say,
      onDeath: (name, code) => void died(name, code),
    }),
  );
  closers.push(() => stack.stop());
  announce(stack, people);
}

function announce(stack: Stack, people: { email: string; password: string; what: string }[]): void {
  say(`\nHourglass is up.\n`);
  say(`  App       ${stack.appUrl}`);
  say(`  Inbox     ${stack.controlUrl}/mail`);
  say(`  Cloud     ${stack.controlUrl}`);
  say(`\nSign in as:`);
  for (const { email, password, what } of people) say(`  ${email.padEnd(26)} ${password.padEnd(16)} ${what}`);
  const [nearly] = people.filter(({ email }) => email.startsWith('nearly@'));
  if (nearly) {
    say(`\nNearly exhausted (${nearly.what}; the password is ${nearly.password}):`);
    say(`  ${stack.appUrl}/sign-in?email=${encodeURIComponent(nearly.email)}`);
  }
  say('\nCtrl-C stops everything. The data stays in .hourglass/.');
}

async function died(name: string, code: number | null): Promise<void> {
  process.stderr.write(
    `\n${name} ended by itself (code ${code}); see .hourglass/logs/${name}.log. Stopping everything.\n`,
  );
  await down(1);
}

let going = false;
async function down(code: number): Promise<void> {
  if (going) return;
  going = true;
  for (const close of closers.reverse())
    await Promise.resolve(close()).catch((error) => process.stderr.write(`${String(error)}\n`));
  process.exit(code);
}

process.on('SIGINT', () => void down(0));
process.on('SIGTERM', () => void down(0));
process.on('SIGHUP', () => void down(0));

up().catch(async (error: unknown) => {
  const sentence =
    error instanceof SetupError ? error.message : error instanceof Error ? error.message : String(error);
  process.stderr.write(`\n${sentence}\n`);
  await down(1);
});
