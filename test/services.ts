import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import postgres from 'postgres';
import { mendDriver } from '@/db/mend-driver.mjs';
import { migrateDatabase } from '@/db/migrate';
import { startPostgres } from '@/scripts/services/postgres';
import { startRedis } from '@/scripts/services/redis';
import { assertLocal } from './local';

const MIGRATIONS = fileURLToPath(new URL('../db/migrations', import.meta.url));
const SEED = fileURLToPath(new URL('../db/seed.ts', import.meta.url));

/** Runs before the integration tests: starts a PostgreSQL with a migrated template database, and a Redis. */
export default async function startTestServices(): Promise<() => Promise<void>> {
  const stops: (() => Promise<void>)[] = [];
  const stopAll = async () => {
    for (const stop of stops.reverse()) await stop();
  };
  try {
    mendDriver(fileURLToPath(new URL('../node_modules/postgres', import.meta.url)));
    const given = { postgres: process.env.DATABASE_URL, redis: process.env.REDIS_URL };
    if (given.postgres) assertLocal('DATABASE_URL', given.postgres);
    if (given.redis) assertLocal('REDIS_URL', given.redis);
    const [server, redis] = await Promise.all([
      given.postgres ? { url: given.postgres, stop: async () => {} } : startPostgres(),
      given.redis ? { url: given.redis, stop: async () => {} } : startRedis(),
    ]);
    stops.push(server.stop, redis.stop);
    const template = await prepareTemplate(server.url);
    if (given.postgres) stops.push(() => dropDatabase(server.url, template));
    process.env.TEST_POSTGRES_URL = server.url;
    process.env.TEST_TEMPLATE = template;
    process.env.TEST_REDIS_URL = redis.url;
  } catch (error) {
    await stopAll();
    throw error;
  }
  return stopAll;
}

/** The template's name contains a hash of its contents, so that two checkouts on one server never share a wrong one. */
async function prepareTemplate(server: string): Promise<string> {
  const hash = createHash('sha256').update(readFileSync(SEED));
  for (const name of readdirSync(MIGRATIONS, { recursive: true, encoding: 'utf8' }).sort()) {
    if (name.endsWith('.sql')) hash.update(name).update(readFileSync(`${MIGRATIONS}/${name}`));
  }
  const name = `hourglass_template_${hash.digest('hex').slice(0, 12)}_${process.pid}`;
  const admin = postgres(server, { max: 1, onnotice: () => {} });
  try {
    await admin.unsafe(`create database ${name}`);
  } catch (error) {
    throw new Error(
      `The tests need a PostgreSQL on which they may create databases: ${(error as Error).message}`,
    );
  } finally {
    await admin.end();
  }
  const url = Object.assign(new URL(server), { pathname: `/${name}` }).href;
  await migrateDatabase(url);
  return name;
}

async function dropDatabase(server: string, name: string): Promise<void> {
  const admin = postgres(server, { max: 1, onnotice: () => {} });
  await admin.unsafe(`drop database if exists ${name} with (force)`);
  await admin.end();
}
