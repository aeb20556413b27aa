import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { createConnection } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openDatabase } from '@/db/client';
import { buildAll } from '@/scripts/build-all';
import { findFreePort, waitFor } from '@/scripts/services/processes';
import { addressesOf, cloudAddressesOf, freePorts, type StackPorts } from '@/scripts/stack';
import { callAs, playFirstSession, startFirstSession, stopFirstSession } from './first-session';
import { type Env, ProductionTree, type Running } from './production-tree';
import { createTestRedis, type TestRedis } from './redis';
import { asOwner } from './world';

/** The documented commands in a folder with what a production host gets, run in order as an operator would. */

const server = process.env.TEST_POSTGRES_URL ?? '';
const database = `hourglass_production_${process.pid}`;
const url = Object.assign(new URL(server), { pathname: `/${database}` }).href;
const tree = new ProductionTree();
const ADMIN = { email: 'first@hourglass.test', password: 'a-good-password' };
let redis: TestRedis;
let ports: StackPorts;
let env: Env;
let appUrl: string;
const running: Record<string, Running> = {};

beforeAll(async () => {
  await buildAll({});
  await asOwner(server, (admin) => admin.unsafe(`create database ${database}`));
  [redis, ports] = await Promise.all([createTestRedis(), freePorts()]);
  await tree.install();
  appUrl = `http://localhost:${ports.web}`;
  env = {
    DATABASE_URL: url,
    REDIS_URL: redis.url,
    AUTH_SECRET: 'production-secret-production-secret',
    // A machine calls every few seconds.
    LEASE_MAX_SECONDS: '30',
    ...addressesOf(ports, appUrl),
    FLY_API_TOKEN: 'local',
    FLY_ORG: 'local',
    SESSION_IMAGE: 'hourglass-machine',
    ...cloudAddressesOf(ports),
  };
}, 500_000);

afterAll(async () => {
  await tree.remove();
  await redis?.drop();
  await asOwner(server, (admin) => admin.unsafe(`drop database if exists ${database} with (force)`));
}, 60_000);

const operator = (words: string[], own: Env, input?: string) =>
  tree.npm(['run', '--silent', 'operator', '--', ...words, '--json'], own, input);

describe('a production host', () => {
  it('ACCOUNT-29 gets the default plans with its tables, once', { timeout: 60_000 }, async () => {
    const migrated = await tree.npm(['run', 'db:migrate'], { DATABASE_URL: url });
    expect(migrated, migrated.error).toMatchObject({ code: 0 });
    const { out } = await operator(['plan', 'list'], { DATABASE_URL: url });
    const plans = JSON.parse(out) as { id: string }[];
    expect(plans.map(({ id }) => id)).toEqual(['free', 'trial', 'starter', 'pro', 'max', 'custom']);
    const edit = ['plan', 'set', '--id', 'pro', '--name', 'Professional'];
    expect(await operator(edit, { DATABASE_URL: url })).toMatchObject({ code: 0 });
    await asOwner(url, (owner) => owner`delete from plan where id = 'starter'`);
    expect((await tree.npm(['run', 'db:migrate'], { DATABASE_URL: url })).code).toBe(0);
    const { sql, close } = openDatabase(url, { max: 1 });
    const kept = await sql<{ id: string; name: string }[]>`select id, name from plan order by sort`;
    await close();
    expect(kept.map(({ name }) => name)).toEqual(['Free', 'Trial', 'Professional', 'Max', 'Custom']);
  });

  it('ACCOUNT-8 answers an operator within half a second', { timeout: 60_000 }, async () => {
    const best = { operator: Number.POSITIVE_INFINITY, bare: Number.POSITIVE_INFINITY };
    for (let i = 0; i < 8; i++) {
      const words = ['scripts/start.mjs', 'operator', 'plan', 'list'];
      best.operator = Math.min(best.operator, await tree.nodeMs(words, { DATABASE_URL: url }));
      best.bare = Math.min(best.bare, await tree.nodeMs(['-e', '0'], {}));
    }
    const [ours, bare] = [best.operator, best.bare].map(Math.round);
    process.stdout.write(`operator plan list: ${ours} ms, of which Node alone: ${bare} ms\n`);
    expect(ours).toBeLessThanOrEqual(500);
  });

  it('ACCOUNT-28 has no default secret: commands that sign or mark are refused without one', {
    timeout: 60_000,
  }, async () => {
    for (const words of [
      ['account', 'create', '--email', ADMIN.email],
      ['account', 'delete', '--account', 'a', '--reason', 'r'],
    ]) {
      const { code, error } = await operator(words, { DATABASE_URL: url });
      expect([code, error]).toEqual([2, expect.stringMatching(/Set AUTH_SECRET to the secret of/)]);
    }
    const seeded = await tree.npm(['run', 'db:seed'], { DATABASE_URL: url, APP_URL: appUrl });
    expect([seeded.code, seeded.error]).toEqual([1, expect.stringMatching(/Set AUTH_SECRET/)]);
    const { sql, close } = openDatabase(url, { max: 1 });
    expect(await sql`select email from auth_user`).toEqual([]);
    await close();
  });

  it('ACCOUNT-30 makes its first administrator with a password that no argument shows', {
    timeout: 60_000,
  }, async () => {
    const words = ['account', 'create', '--email', ADMIN.email, '--admin', '--password', '-'];
    const made = await operator(words, env, `${ADMIN.password}\n`);
    expect(made, made.error).toMatchObject({ code: 0 });
    expect(JSON.parse(made.out)).toMatchObject({ email: ADMIN.email });
  });

  it('ACCOUNT-30 starts cloud, worker, gateway and web by their commands, each ready on its own port', {
    timeout: 200_000,
  }, async () => {
    const at = (port: number, path: string) => `http://127.0.0.1:${port}${path}`;
    running.cloud = await tree.startReady('start:cloud', env, at(ports.control, '/control/machines'));
    running.worker = await tree.startReady('start:worker', env, at(ports.worker, '/readyz'));
    running.gateway = await tree.startReady('start:gateway', env, at(ports.gateway, '/readyz'));
    running.web = await tree.startReady('start:web', env, at(ports.web, '/readyz'));
    for (const port of [ports.web, ports.worker, ports.gateway])
      expect((await fetch(at(port, '/healthz'))).status).toBe(200);
    const page = await (await fetch(`${appUrl}/sign-in`)).text();
    const chunks = [...page.matchAll(/\/_next\/static\/[^"'\\]+\.(?:js|css)/g)].map(([path]) => path);
    expect(chunks.length).toBeGreaterThan(2);
    for (const path of new Set(chunks)) expect((await fetch(`${appUrl}${path}`)).status, path).toBe(200);
  });

  it('ACCOUNT-30 signs in, starts and stops a session', { timeout: 90_000 }, async () => {
    await playFirstSession(appUrl, ADMIN);
  });

  it('ACCOUNT-55 MACHINE-64 rotates its secret while a user is signed in and a session runs', {
    timeout: 120_000,
  }, async () => {
    const call = await callAs(appUrl, ADMIN);
    const id = await startFirstSession(call);
    const restart = async (secret: string) => {
      running.web?.child.kill('SIGTERM');
      expect(await running.web?.ended).toBe(0);
      const changed = { ...env, AUTH_SECRET: secret };
      running.web = await tree.startReady('start:web', changed, `${appUrl}/readyz`);
    };
    await restart(`newer-secret-newer-secret-newer-secret,${env.AUTH_SECRET}`);
    const [{ now } = { now: 0 }] = await asOwner(
      url,
      (owner) => owner<{ now: number }[]>`select hg_clock() as now`,
    );
    const isHeard = async () => {
      const found = await asOwner(
        url,
        (owner) => owner`
        select 1 from run where session_id = ${id} and status = 'running' and proof_at > ${now}`,
      );
      return found.length > 0;
    };
    expect(await waitFor(isHeard, 20_000, 500)).toBe(true);
    await stopFirstSession(call, id);
    await restart(env.AUTH_SECRET ?? '');
  });

  it('SESSION-71 answers programs without page middleware, page routing or compression', {
    timeout: 30_000,
  }, async () => {
    const asked = () => fetch(`${appUrl}/api/trpc/billing.plans`, { headers: { 'accept-encoding': 'gzip' } });
    // The first request loads the route.
    await (await asked()).text();
    const { status, headers } = await asked();
    expect([status, headers.get('content-encoding'), headers.get('x-frame-options')]).toEqual([
      200,
      null,
      'DENY',
    ]);
    expect(Number(headers.get('content-length'))).toBeGreaterThan(1_000);
    // The header Next adds to every response of its routes.
    expect(headers.get('vary') ?? '').not.toMatch(/next-router/i);
    expect(headers.get('content-security-policy')).toBe("default-src 'none'; frame-ancestors 'none'");
    const lost = await fetch(`${appUrl}/api/trpc/one/two`);
    expect(lost.status).toBe(404);
    expect(lost.headers.get('content-security-policy')).toBe("default-src 'none'; frame-ancestors 'none'");
  });

  it('ACCOUNT-28 makes no demo accounts for a public address, nor serves one that has some', {
    timeout: 120_000,
  }, async () => {
    const open = { ...env, APP_URL: 'https://hourglass.example' };
    const refused = await tree.npm(['run', 'db:seed'], open);
    expect([refused.code, refused.error]).toEqual([1, expect.stringMatching(/loopback APP_URL/)]);
    const seeded = await tree.npm(['run', 'db:seed'], env);
    expect(seeded, seeded.error).toMatchObject({ code: 0 });

    const web = tree.start('start:web', { ...open, PORT: String(await findFreePort()) });
    expect(await web.ended).toBe(1);
    expect(web.said()).toMatch(
      /demo accounts with a public password.*APP_URL is https:\/\/hourglass\.example/,
    );

    await asOwner(url, async (owner) => {
      await owner`delete from auth_identity where user_id in (select id from auth_user where email like '%@hourglass.local')`;
    });
    const own = await findFreePort();
    const served = await tree.startReady(
      'start:web',
      { ...open, PORT: String(own) },
      `http://127.0.0.1:${own}/readyz`,
    );
    served.child.kill('SIGTERM');
    expect(await served.ended).toBe(0);
  });

  it('ACCOUNT-30 drains on SIGTERM: running requests finish, new ones are refused, exit code 0', {
    timeout: 60_000,
  }, async () => {
    const body = JSON.stringify({ email: 'nobody@hourglass.test', password: 'a-wrong-password' });
    const socket = createConnection(ports.web, '127.0.0.1');
    await once(socket, 'connect');
    let answer = '';
    socket.on('data', (chunk) => (answer += chunk));
    const head = [
      'POST /api/auth/sign-in/email HTTP/1.1',
      `Host: localhost:${ports.web}`,
      `Origin: ${appUrl}`,
      'Content-Type: application/json',
      `Content-Length: ${body.length}`,
    ];
    socket.write(`${head.join('\r\n')}\r\n\r\n${body.slice(0, 10)}`);
    // The server has read the head once it answers a later connection.
    await fetch(`${appUrl}/healthz`);
    const from = performance.now();
    for (const { child } of Object.values(running)) child.kill('SIGTERM');
    const isRefused = () =>
      fetch(`${appUrl}/healthz`).then(
        () => false,
        () => true,
      );
    expect(await waitFor(isRefused, 5_000, 20)).toBe(true);
    expect(answer).toBe('');
    socket.write(body.slice(10));
    await once(socket, 'close');
    expect(answer).toMatch(/^HTTP\/1\.1 401 /);
    for (const [name, { ended, said }] of Object.entries(running))
      expect([name, await ended], said()).toEqual([name, 0]);
    expect(performance.now() - from).toBeLessThan(10_000);
  });

  it('ACCOUNT-30 says what to run when nothing was built', { timeout: 60_000 }, async () => {
    rmSync(`${tree.dir}/dist`, { recursive: true });
    for (const script of [
      'start:web',
      'start:worker',
      'start:gateway',
      'start:cloud',
      'operator',
      'db:migrate',
      'db:seed',
    ]) {
      const { code, error } = await tree.npm(['run', '--silent', script], env);
      expect([code, error]).toEqual([
        1,
        expect.stringMatching(/^There is no build of \w+ here: run `npm run build` first\.\n$/),
      ]);
    }
  });
});
