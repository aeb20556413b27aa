import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import nodemailer from 'nodemailer';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { until } from './testing/local-fly';

interface Ports {
  fly: number;
  proxy: number;
  smtp: number;
  control: number;
}

const main = join(import.meta.dirname, 'main.ts');

describe('the local cloud as one process', () => {
  let stateDir: string;
  const running: ChildProcess[] = [];
  beforeEach(() => {
    stateDir = mkdtempSync(join(tmpdir(), 'hourglass-cloud-'));
  });
  afterEach(async () => {
    for (const child of running.splice(0)) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      child.kill('SIGTERM');
      await once(child, 'exit');
    }
    rmSync(stateDir, { recursive: true, force: true });
  });

  function launch(env: Record<string, string> = {}) {
    const free = {
      CLOUD_FLY_PORT: '0',
      CLOUD_PROXY_PORT: '0',
      CLOUD_STRIPE_PORT: '0',
      CLOUD_SMTP_PORT: '0',
      CLOUD_CONTROL_PORT: '0',
    };
    const child = spawn(process.execPath, ['--import', 'tsx', main], {
      env: {
        ...process.env,
        NODE_ENV: 'test',
        ...free,
        CLOUD_STATE_DIR: stateDir,
        CLOUD_MACHINE_COMMAND: 'sleep 1000',
        ...env,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    running.push(child);
    const output = { out: '', error: '' };
    child.stdout.on('data', (part) => {
      output.out += part;
    });
    child.stderr.on('data', (part) => {
      output.error += part;
    });
    return { child, output };
  }

  async function start(env?: Record<string, string>): Promise<{ child: ChildProcess; ports: Ports }> {
    const { child, output } = launch(env);
    const line = await until(() => {
      if (child.exitCode !== null) throw new Error(output.error);
      return output.out.split('\n').find((one) => one.includes('cloud ready'));
    });
    return { child, ports: JSON.parse(line).ports };
  }

  async function json(url: string, init?: RequestInit) {
    const response = await fetch(url, { ...init, headers: { authorization: 'Bearer x' } });
    // biome-ignore lint/suspicious/noExplicitAny: tests read what the parts answer, and expect() checks it
    return (await response.json()) as any;
  }

  async function runMachine(ports: Ports): Promise<string> {
    const api = `http://127.0.0.1:${ports.fly}/v1/apps`;
    await json(api, { method: 'POST', body: JSON.stringify({ app_name: 'a', org_slug: 'o' }) });
    const config = { image: 'x', auto_destroy: true, restart: { policy: 'no' } };
    const { id } = await json(`${api}/a/machines`, { method: 'POST', body: JSON.stringify({ config }) });
    await json(`${api}/a/machines/${id}/wait?state=started`);
    return id;
  }

  it('leaves machines running when it is killed and adopts them again', async () => {
    const first = await start();
    const id = await runMachine(first.ports);
    const before = (await json(`http://127.0.0.1:${first.ports.control}/control/machines`))[0];
    first.child.kill('SIGKILL');
    await once(first.child, 'exit');
    expect(existsSync(`/proc/${before.pid}`)).toBe(true);
    const second = await start();
    const after = (await json(`http://127.0.0.1:${second.ports.control}/control/machines`))[0];
    expect(after).toMatchObject({ id, state: 'started', pid: before.pid, intervals: before.intervals });
    await json(`http://127.0.0.1:${second.ports.control}/control/machines/${id}/kill`, {
      method: 'POST',
      body: '{}',
    });
    const dead = await until(async () => {
      const [machine] = await json(`http://127.0.0.1:${second.ports.control}/control/machines`);
      return machine.state === 'destroyed' && machine;
    });
    expect(dead.intervals[0].stoppedAt).toBeGreaterThan(dead.intervals[0].startedAt);
  });

  it('kills its machines on SIGTERM and exits 0, or keeps them when configured to', async () => {
    const first = await start();
    await runMachine(first.ports);
    const { pid } = (await json(`http://127.0.0.1:${first.ports.control}/control/machines`))[0];
    first.child.kill('SIGTERM');
    expect((await once(first.child, 'exit'))[0]).toBe(0);
    expect(existsSync(`/proc/${pid}`)).toBe(false);
    const second = await start({ CLOUD_KEEP_MACHINES: '1' });
    await runMachine(second.ports);
    const kept = (await json(`http://127.0.0.1:${second.ports.control}/control/machines`)).at(-1);
    second.child.kill('SIGTERM');
    await once(second.child, 'exit');
    expect(existsSync(`/proc/${kept.pid}`)).toBe(true);
    // The next cloud on the same directory adopts the machine and ends it.
    await start();
  });

  it('says in one sentence why it cannot start', async () => {
    const first = await start();
    const fails = async (env: Record<string, string>) => {
      const { child, output } = launch(env);
      const [code] = await once(child, 'exit');
      expect(code).toBe(1);
      return output.error.trim();
    };
    expect(await fails({ NODE_ENV: 'production' })).toContain('does not start with NODE_ENV=production');
    expect(await fails({})).toContain('Another local cloud');
    const other = mkdtempSync(join(tmpdir(), 'hourglass-cloud-'));
    expect(await fails({ CLOUD_STATE_DIR: other, CLOUD_FLY_PORT: String(first.ports.fly) })).toBe(
      `Port ${first.ports.fly} (Machines API) is already in use: stop the other process or set CLOUD_FLY_PORT.`,
    );
    rmSync(other, { recursive: true, force: true });
  });

  it('keeps mail in an inbox and shows it without running anything in it', async () => {
    const { ports } = await start();
    const mailer = nodemailer.createTransport(`smtp://127.0.0.1:${ports.smtp}`);
    await mailer.sendMail({
      from: 'Hourglass <hello@example.com>',
      to: 'Ann@example.com',
      subject: 'Grüße – 80 % used',
      text: 'Go to http://localhost:3000/verify?a=1&b=2 now',
      html: '<p>Hello</p><script>alert(1)</script>',
    });
    const control = `http://127.0.0.1:${ports.control}`;
    const [mail] = await json(`${control}/control/mail?to=ann@example.com`);
    expect(mail).toMatchObject({ to: ['Ann@example.com'], subject: 'Grüße – 80 % used' });
    expect(mail.text).toContain('http://localhost:3000/verify?a=1&b=2');
    expect(await json(`${control}/control/mail?to=other@example.com`)).toEqual([]);
    expect(await (await fetch(`${control}/mail`)).text()).toContain('Grüße – 80 % used');
    const page = await (await fetch(`${control}/mail/${mail.id}`)).text();
    expect(page).toContain('<a href="http://localhost:3000/verify?a=1&amp;b=2">');
    expect(page).not.toContain('<script>');
  });

  it('accepts faults and behaviours over the control API, from this computer only', async () => {
    const { ports } = await start();
    const control = `http://127.0.0.1:${ports.control}`;
    const post = (path: string, body: object, headers = {}) =>
      fetch(control + path, { method: 'POST', body: JSON.stringify(body), headers });
    await post('/control/faults', { kind: 'status', status: 500, action: 'app.create', times: 1 });
    expect((await json(`${control}/control/faults`))[0]).toMatchObject({ kind: 'status', left: 1 });
    expect(
      await json(`http://127.0.0.1:${ports.fly}/v1/apps`, { method: 'POST', body: '{}' }),
    ).toHaveProperty('error');
    expect(await json(`${control}/control/faults`)).toEqual([]);
    const calls = await json(`${control}/control/calls?since=0`);
    expect(calls.at(-1)).toMatchObject({
      method: 'POST',
      path: '/v1/apps',
      status: 500,
      action: 'app.create',
    });
    expect((await post('/control/behaviour', { kind: 'wrong' })).status).toBe(400);
    expect((await post('/control/reset', {}, { origin: 'http://evil.example' })).status).toBe(403);
    const form = await fetch(`${control}/control/behaviour`, {
      method: 'POST',
      body: new URLSearchParams({ kind: 'silent', bootDelayMs: '' }),
      redirect: 'manual',
    });
    expect(form.status).toBe(303);
    expect(await (await fetch(control)).text()).toContain('Machines');
  });
});
