import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { settingsProblem } from '@/db/check-settings';
import { openDatabase } from '@/db/client';
import { PRODUCT_ROLE } from '@/db/rights';
import { buildAll } from '@/scripts/build-all';
import { ROOT } from '@/scripts/stack-part';
import { inTx } from '@/server/context';
import type { Machines } from '@/server/machine/machines';
import { readAccount } from '@/server/quota/load-account';
import { admitRun } from '@/server/run/admit';
import { createSession } from '@/server/session/create';
import { findPooler, type Pooler, startPooler } from './pooler';
import { asOwner, createAccount, createWorld, type World } from './world';

/** The product behind PgBouncer in transaction mode, as hosting services offer it. */

const binary = findPooler();
if (!binary)
  process.stdout.write('Skipped: PgBouncer is not here and cannot be installed without a question.\n');
const server = new URL(process.env.TEST_POSTGRES_URL ?? 'postgres://none');
const LOGIN = `pooled_${process.pid}`;
const logins = {
  [decodeURIComponent(server.username)]: decodeURIComponent(server.password),
  [LOGIN]: 'pooled-password',
};
const IGNORED =
  'ignore_startup_parameters = role,lock_timeout,statement_timeout,idle_in_transaction_session_timeout';
let world: World;
const poolers: Pooler[] = [];
const database = () => new URL(world.url).pathname.slice(1);
const owner = () => [decodeURIComponent(server.username), decodeURIComponent(server.password)] as const;

async function pooler(settings: string[] = []): Promise<Pooler> {
  const made = await startPooler(binary ?? '', server.href, logins, settings);
  poolers.push(made);
  return made;
}

async function problemAt(url: string): Promise<string | null> {
  const { sql, close } = openDatabase(url, { max: 1 });
  return settingsProblem(sql).finally(close);
}

/** Returns the output and the exit code of a gateway started with this database. */
async function startGateway(url: string): Promise<{ code: number; said: string }> {
  const env = {
    PATH: process.env.PATH,
    DATABASE_URL: url,
    REDIS_URL: 'redis://127.0.0.1:1',
    AUTH_SECRET: 'pooler-secret-pooler-secret-pooler',
    GATEWAY_PORT: '0',
    ENVIRONMENT_ID: 'pooled',
  };
  const run = promisify(execFile)(process.execPath, ['scripts/start.mjs', 'gateway'], {
    cwd: ROOT,
    env: env as unknown as NodeJS.ProcessEnv,
    timeout: 30_000,
  });
  return run.then(
    ({ stdout }) => ({ code: 0, said: stdout }),
    (error) => ({ code: error.code, said: `${error.stdout}${error.stderr}` }),
  );
}

beforeAll(async () => {
  if (!binary) return;
  await buildAll({});
  world = await createWorld();
}, 300_000);
afterAll(async () => {
  for (const made of poolers) await made.stop();
  if (!world) return;
  await asOwner(world.url, (admin) =>
    admin.unsafe(`drop owned by ${LOGIN}; drop role ${LOGIN}`).catch(() => {}),
  );
  await world.close();
});

describe.runIf(binary)('behind a pooler in transaction mode', () => {
  it('QUOTA-54 that refuses the settings of connections, the product reports this and does not serve', async () => {
    const url = (await pooler()).at(...owner(), database());
    expect(await problemAt(url)).toMatch(/^A pooler in front of PostgreSQL refuses the settings/);
    expect(await startGateway(url)).toEqual({
      code: 1,
      said: expect.stringMatching(/A pooler in front of PostgreSQL/),
    });
  }, 60_000);

  it('QUOTA-54 that drops the settings, the product does not serve either', async () => {
    const url = (await pooler([IGNORED])).at(...owner(), database());
    expect(await problemAt(url)).toMatch(new RegExp(`not as ${PRODUCT_ROLE}`));
    expect(await startGateway(url)).toEqual({
      code: 1,
      said: expect.stringMatching(/work as \w+ and not as/),
    });
  }, 60_000);

  it('QUOTA-54 a login with these settings in PostgreSQL itself is served, and decisions work as usual', async () => {
    await asOwner(world.url, async (admin) => {
      await admin.unsafe(
        `create role ${LOGIN} login password 'pooled-password'; grant ${PRODUCT_ROLE} to ${LOGIN}`,
      );
      for (const setting of [
        `role = '${PRODUCT_ROLE}'`,
        `lock_timeout = '2s'`,
        `statement_timeout = '10s'`,
        `idle_in_transaction_session_timeout = '10s'`,
      ])
        await admin.unsafe(`alter role ${LOGIN} set ${setting}`);
    });
    const url = `${(await pooler([IGNORED])).at(LOGIN, 'pooled-password', database())}?prepare=false`;
    expect(await problemAt(url)).toBeNull();
    const pooled = await createWorld({ url, max: 12, machines: () => ({}) as Machines });
    try {
      const accountId = await createAccount(world);
      const made = [1, 2, 3].map((n) => createSession(pooled.ctx, { accountId, name: `session ${n}` }));
      const sessions = await Promise.all(made);
      const starts = await Promise.allSettled(
        Array.from({ length: 30 }, (_, i) =>
          inTx(pooled.ctx, (tx) => admitRun(tx, { accountId, sessionId: sessions[i % 3]?.id ?? '' })),
        ),
      );
      expect(
        starts.filter((start) => start.status === 'fulfilled' && start.value.kind === 'admitted'),
      ).toHaveLength(1);
      const reasons = starts.flatMap((start) => (start.status === 'rejected' ? [start.reason.reason] : []));
      expect(new Set(reasons)).toEqual(new Set(['SESSION_LIMIT_REACHED']));
      expect((await readAccount(world.ctx.sql, accountId)).openRuns).toHaveLength(1);
    } finally {
      await pooled.close();
    }
  }, 60_000);
});
