import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, type TestContext } from 'vitest';
import { findFreePort, waitFor } from '@/scripts/services/processes';
import { addressesOf, freePorts, type StackPorts } from '@/scripts/stack';
import { settingsShape } from '@/server/env';
import { playFirstSession } from './first-session';
import { buildImages, type Images } from './images/all';
import { Container, runToEnd } from './images/container';
import { filesOf, operatorLines, packagesOf } from './images/contents';
import type { Env } from './production-tree';
import { createTestRedis, type TestRedis } from './redis';
import { asOwner } from './world';

/** Builds and starts the production images as Docker would, with Debian's own tools, which need no daemon. */

const server = process.env.TEST_POSTGRES_URL ?? '';
const database = `hourglass_images_${process.pid}`;
const url = Object.assign(new URL(server), { pathname: `/${database}` }).href;
const ADMIN = { email: 'you@hourglass.example', password: 'a-good-password' };
const SECRETS = {
  AUTH_SECRET: 'images-secret-images-secret-images-secret',
  FLY_API_TOKEN: 'images-fly-token',
  STRIPE_SECRET_KEY: 'sk_test_images_stripe_key',
  STRIPE_WEBHOOK_SECRET: 'whsec_images_webhook',
};
const running: Record<string, Container> = {};
let built: Images | { problem: string };
let redis: TestRedis;
let ports: StackPorts;
let appUrl: string;
let env: Env;

beforeAll(async () => {
  built = await buildImages();
  if ('problem' in built) {
    process.stderr.write(`The images are not built or started here: ${built.problem}.\n`);
    return;
  }
  await asOwner(server, (admin) => admin.unsafe(`create database ${database}`));
  [redis, ports] = await Promise.all([createTestRedis(), freePorts()]);
  appUrl = `http://localhost:${ports.web}`;
  env = {
    ...SECRETS,
    DATABASE_URL: url,
    REDIS_URL: redis.url,
    ...addressesOf(ports, appUrl),
    FLY_ORG: 'local',
    SESSION_IMAGE: 'hourglass-machine',
    STRIPE_API_URL: `http://127.0.0.1:${ports.stripe}`,
  };
}, 500_000);

afterAll(async () => {
  await Promise.all(Object.values(running).map((container) => container.remove()));
  await redis?.drop();
  if (!built || 'problem' in built) return;
  built.close();
  await asOwner(server, (admin) => admin.unsafe(`drop database if exists ${database} with (force)`));
}, 60_000);

/** Returns the images; skips the test with the reason where they cannot be built. */
function images(test: TestContext): Images {
  if ('problem' in built) return test.skip(built.problem);
  return built;
}

const product = (test: TestContext, ...words: string[]) =>
  runToEnd(images(test).product, { words, env, input: `${ADMIN.password}\n` });

const cloudEnv = (): Env => ({
  CLOUD_FLY_PORT: String(ports.fly),
  CLOUD_PROXY_PORT: String(ports.proxy),
  CLOUD_STRIPE_PORT: String(ports.stripe),
  CLOUD_SMTP_PORT: String(ports.smtp),
  CLOUD_CONTROL_PORT: String(ports.control),
  CLOUD_GATEWAY_URL: `http://127.0.0.1:${ports.gateway}`,
});

// The tests build on each other, so a retry would not find the same state.
describe('the image of the product', { retry: 0 }, () => {
  it('MACHINE-70 holds what was built and its production packages: no source, no development package', (test) => {
    const { product, cloud } = images(test);
    for (const { config, rootDir } of [product, cloud]) {
      expect(config.User).toBe('node');
      expect(readdirSync(join(rootDir, 'app')).sort()).toEqual(
        expect.arrayContaining(['deploy', 'dist', 'package.json', 'scripts']),
      );
      const files = filesOf(join(rootDir, 'app'));
      const ours = files.filter((path) => !/^dist\/|^node_modules\//.test(path));
      expect(ours.sort()).toEqual(['deploy/healthcheck.mjs', 'package.json', 'scripts/start.mjs']);
      expect(files.filter((path) => /\.tsx?$/.test(path) && !/node_modules\//.test(path))).toEqual([]);
      expect(files.filter((path) => /(^|\/)\.(env|npmrc|git)/.test(path))).toEqual([]);
      expect(packagesOf(files).filter(({ isDevelopment }) => isDevelopment)).toEqual([]);
    }
    expect(readdirSync(join(product.rootDir, 'app/dist')).sort()).toEqual([
      'gateway',
      'migrate',
      'operator',
      'web',
      'worker',
    ]);
    expect(existsSync(join(product.rootDir, 'app/node_modules'))).toBe(false);
  });

  it('MACHINE-70 has nothing that its user could write, and no setting of its own', (test) => {
    const { product, cloud, machine } = images(test);
    const all = ['', ...filesOf(join(product.rootDir, 'app'))].map((path) =>
      join(product.rootDir, 'app', path),
    );
    expect(all.filter((path) => statSync(path).uid !== 0 || (statSync(path).mode & 0o002) !== 0)).toEqual([]);
    for (const { config } of [product, cloud, machine]) {
      const names = config.Env.map((entry) => entry.split('=')[0] ?? '');
      expect(names.filter((name) => name in settingsShape && name !== 'PORT')).toEqual([]);
      expect(names.filter((name) => /SECRET|TOKEN|KEY|PASSWORD/.test(name))).toEqual([]);
    }
  });

  it('MACHINE-70 migrates and answers the operator from any folder', { timeout: 60_000 }, async (test) => {
    const migrated = await product(test, 'migrate');
    expect(migrated, migrated.error).toMatchObject({ code: 0, out: 'The database is up to date.\n' });
    const listed = await product(test, 'operator', 'plan', 'list', '--json');
    expect(JSON.parse(listed.out).map(({ id }: { id: string }) => id)).toContain('pro');
    const unknown = await product(test, 'bash');
    expect([unknown.code, unknown.error]).toEqual([
      1,
      expect.stringMatching(/There is no build of bash here/),
    ]);
  });

  it('MACHINE-70 starts cloud, worker, gateway and web as `node`, each healthy by its own health check', {
    timeout: 240_000,
  }, async (test) => {
    const { product, cloud } = images(test);
    const start = async (name: string, image = product, own = env) => {
      const container = new Container(image, { words: [name], env: own });
      running[name] = container;
      await container.healthy(own);
    };
    await start('cloud', cloud, cloudEnv());
    await start('worker');
    await start('gateway');
    await start('web');
    for (const { pid } of Object.values(running)) {
      const status = readFileSync(`/proc/${pid}/status`, 'utf8');
      expect(status).toMatch(/^Uid:\t1000\t1000\t1000\t1000$/m);
      expect(status).toMatch(/^NSpid:.*\t1$/m);
    }
    for (const port of [ports.web, ports.worker, ports.gateway])
      expect((await fetch(`http://127.0.0.1:${port}/readyz`)).status).toBe(200);
    const elsewhere = { ...env, PORT: String(await findFreePort()) };
    expect(await running.web?.healthcheck(elsewhere)).toMatchObject({
      code: 1,
      error: expect.stringMatching(/^web does not answer \/healthz: /),
    });
  });

  it('MACHINE-70 runs every operator command that the guide to the first installation names', {
    timeout: 60_000,
  }, async (test) => {
    const { product } = images(test);
    const lines = operatorLines();
    expect(lines.length).toBeGreaterThanOrEqual(4);
    for (const words of lines) {
      // As a remote console does: in another folder, and without the image's entrypoint.
      const run = { words, env, folder: '/', user: 'root', input: `${ADMIN.password}\n` };
      const { code, out, error } = await (running.worker as Container).execute(run);
      expect([words.join(' '), code], error).toEqual([words.join(' '), 0]);
      if (words.includes('sync-catalogue'))
        expect(JSON.parse(out)).toMatchObject({ webhook: { secret: expect.stringMatching(/^whsec_/) } });
    }
    expect(product.config.WorkingDir).toBe('/app');
  });

  it('MACHINE-70 signs in, starts and stops a session', { timeout: 90_000 }, async (test) => {
    images(test);
    await playFirstSession(appUrl, ADMIN);
  });

  it('MACHINE-70 leaves no secret in its configuration, its history or its files', {
    timeout: 60_000,
  }, (test) => {
    const { product, cloud, machine } = images(test);
    const secrets = [...Object.values(SECRETS), ADMIN.password];
    for (const { config, history } of [product, cloud, machine])
      for (const secret of secrets) {
        expect(JSON.stringify(config)).not.toContain(secret);
        expect(history).not.toContain(secret);
      }
    const found = [product, machine].flatMap(({ rootDir }) => filesThatHold(secrets, rootDir));
    expect(found).toEqual([]);
  });

  it('MACHINE-70 ends with exit code 0 within ten seconds of SIGTERM', { timeout: 60_000 }, async (test) => {
    images(test);
    const from = performance.now();
    for (const container of Object.values(running)) container.stop();
    for (const [name, container] of Object.entries(running))
      expect([name, await container.ended], container.said()).toEqual([name, 0]);
    expect(performance.now() - from).toBeLessThan(10_000);
  });
});

describe('the image of machines', { retry: 0 }, () => {
  it('MACHINE-71 requests its lease, gives its user a home folder and sudo, and ends with exit code 0', {
    timeout: 60_000,
  }, async (test) => {
    const { machine } = images(test);
    const events: string[] = [];
    const api = createServer(async (request, response) => {
      let body = '';
      for await (const chunk of request) body += chunk;
      if (request.url !== '/api/agent/lease') return void response.writeHead(404).end();
      events.push(JSON.parse(body).event);
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ action: 'run', leaseMs: 60_000, final: false }));
    });
    await new Promise<void>((resolve) => api.listen(0, '127.0.0.1', resolve));
    const own = {
      PORT: String(await findFreePort()),
      HOURGLASS_API_URL: `http://127.0.0.1:${(api.address() as AddressInfo).port}`,
      HOURGLASS_RUN_ID: 'run',
      HOURGLASS_RUN_TOKEN: 'hgr_images',
      HOURGLASS_SESSION_ID: 'session',
      HOURGLASS_LEASE_MS: '60000',
      HOURGLASS_GUARD_MS: '2000',
    };
    const container = new Container(machine, { words: [], env: own });
    running.machine = container;
    const isUp = () => container.said().includes('listening on') && events.length > 0;
    expect(await waitFor(isUp, 20_000), container.said()).toBe(true);
    const home = await container.execute({ words: ['sudo', '-n', 'id', '-u'], user: 'coder' });
    expect(home, home.error).toMatchObject({ code: 0, out: '0\n' });
    expect(existsSync(join(machine.rootDir, 'workspace/.home/.bashrc'))).toBe(true);
    container.stop();
    expect(await container.ended, container.said()).toBe(0);
    expect(events.at(-1)).toBe('stopped');
    api.close();
  });
});

/** Returns the paths below `dir` of files that contain one of the texts. */
function filesThatHold(texts: string[], dir: string): string[] {
  const patterns = texts.flatMap((text) => ['-e', text]);
  try {
    const args = ['-rlFI', '--devices=skip', '--exclude-dir=proc', '--exclude-dir=dev', ...patterns, dir];
    return execFileSync('grep', args, { encoding: 'utf8' }).trim().split('\n');
  } catch (error) {
    if ((error as { status?: number }).status === 1) return [];
    throw error;
  }
}
