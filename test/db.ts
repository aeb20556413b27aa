import { randomBytes } from 'node:crypto';
import postgres from 'postgres';
import { assertLocal } from './local';

export type TestDatabase = { url: string; name: string; drop(): Promise<void> };

const MISSING =
  'There is no test PostgreSQL. Name the file *.int.test.ts and run it with vitest from the root folder: npx vitest run <file>.';

/**
 * Creates a database with every migration and the default plans, cloned from the template in milliseconds. One per test
 * file: call it in `beforeAll`, and `drop` in `afterAll` after closing your own pools.
 */
export async function createTestDatabase(): Promise<TestDatabase> {
  const server = process.env.TEST_POSTGRES_URL;
  const template = process.env.TEST_TEMPLATE;
  if (!server || !template) throw new Error(MISSING);
  assertLocal('TEST_POSTGRES_URL', server);
  const name = `hourglass_test_${randomBytes(6).toString('hex')}`;
  await onServer(server, `create database ${name} template ${template}`);
  return {
    url: Object.assign(new URL(server), { pathname: `/${name}` }).href,
    name,
    drop: () => onServer(server, `drop database if exists ${name} with (force)`),
  };
}

async function onServer(server: string, statement: string): Promise<void> {
  const admin = postgres(server, { max: 1, onnotice: () => {} });
  try {
    await admin.unsafe(statement);
  } finally {
    await admin.end();
  }
}
