import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LocalFly, until } from '../testing/local-fly';
import type { MachineEvent } from './records';

const exitOf = (events: MachineEvent[]) => {
  const event = events.find(({ type }) => type === 'exit');
  // biome-ignore lint/suspicious/noExplicitAny: the payload has two shapes
  const request = event?.request as any;
  return event && { at: event.timestamp, ...(request.exit_event ?? request.MonitorEvent.exit_event) };
};

describe('machines of the local cloud', () => {
  let local: LocalFly;
  beforeAll(async () => {
    local = await LocalFly.start();
  });
  afterAll(() => local.close());

  it('answers a create before the machine runs, which then goes created → starting → started', async () => {
    const id = await local.create('states');
    expect((await local.get(id)).body.state).toBe('created');
    await local.wait(id, 'started');
    const { body } = await local.get(id);
    expect(body.state).toBe('started');
    expect(body.events.map((one: MachineEvent) => `${one.type}/${one.status}`)).toEqual([
      'start/started',
      'start/starting',
      'launch/created',
    ]);
    expect(id).toMatch(/^[0-9a-f]{14}$/);
  });

  it('runs a real process with the variables of its config, Fly and the workspace, and nothing else', async () => {
    const id = await local.run('env', { env: { HOURGLASS_RUN_ID: 'r1' } });
    const record = local.fly.world.machines.get(id);
    const environ = await until(() => {
      const file = join(local.fly.world.machineStore.dirOf(id), 'main.pid');
      if (!existsSync(file)) return null;
      const pid = readFileSync(file, 'utf8').trim();
      if (pid === '') return null;
      const lines = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0').filter(Boolean);
      return lines.length > 0 ? lines : null;
    });
    const names = environ
      .map((line) => line.split('=')[0])
      .filter((name) => !['PWD', 'SHLVL', '_', 'OLDPWD'].includes(name ?? ''));
    expect(environ).toContain('HOURGLASS_RUN_ID=r1');
    expect(environ).toContain(`FLY_MACHINE_ID=${id}`);
    expect(environ).toContain(`PORT=${record?.port}`);
    expect(
      names.filter((name) => !/^(FLY_|HOURGLASS_|PORT$|HOME$|PATH$|PRIMARY_REGION$)/.test(name ?? '')),
    ).toEqual([]);
  });

  it('stops on the signal and is destroyed; its record stays readable and leaves the lists', async () => {
    const id = await local.run('polite');
    expect(await local.call('POST', `apps/a/machines/${id}/stop`, { timeout: '10s' })).toMatchObject({
      status: 200,
      body: { ok: true },
    });
    expect((await local.wait(id, 'destroyed')).body.ok).toBe(true);
    const { status, body } = await local.get(id);
    expect([status, body.state]).toEqual([200, 'destroyed']);
    expect(exitOf(body.events)).toMatchObject({ exit_code: 130, requested_stop: true });
    const ids = async (query: string) =>
      (await local.call('GET', `apps/a/machines${query}`)).body.map((one: { id: string }) => one.id);
    expect(await ids('')).not.toContain(id);
    expect(await ids('?include_deleted=true')).toContain(id);
  });

  it('kills a machine that ignores the signal when its stop timeout is over', async () => {
    local.fly.world.behaviours = [{ match: { name: 'stubborn' }, behaviour: { kind: 'stubborn' } }];
    const id = await local.run('stubborn');
    await until(() => existsSync(join(local.fly.world.machineStore.dirOf(id), 'main.pid')));
    const asked = Date.now();
    await local.call('POST', `apps/a/machines/${id}/stop`, { signal: 'SIGTERM', timeout: '700ms' });
    await local.wait(id, 'destroyed');
    const exit = exitOf((await local.get(id)).body.events);
    expect(exit).toMatchObject({ exit_code: 137, signal: 9, requested_stop: true });
    expect(exit?.at - asked).toBeGreaterThanOrEqual(690);
    expect(exit?.at - asked).toBeLessThan(1500);
  });

  it('ends every process of the machine, including those that left its group', async () => {
    const other = await LocalFly.start({
      machineCommand: "sh -c 'setsid sleep 999 & echo $! > child; exec sleep 998'",
    });
    const id = await other.run('family');
    const file = join(other.fly.world.machineStore.dirOf(id), 'home', 'child');
    const child = await until(() => existsSync(file) && readFileSync(file, 'utf8').trim());
    const alive = () =>
      existsSync(`/proc/${child}`) && !/State:\tZ/.test(readFileSync(`/proc/${child}/status`, 'utf8'));
    expect(alive()).toBe(true);
    await other.call('DELETE', `apps/a/machines/${id}?force=true`);
    await other.wait(id, 'destroyed');
    await until(() => !alive());
    await other.close();
  });

  it('reports start and exit within milliseconds of the real ones, whatever the exit code', async () => {
    const program = `process.on('exit',()=>require('fs').writeFileSync('end',String(Date.now())));
require('fs').writeFileSync('begin',String(Date.now()));setTimeout(()=>process.exit(7),300)`;
    const other = await LocalFly.start({ machineCommand: `node -e "${program.replaceAll('\n', ' ')}"` });
    const id = await other.run('clock', { auto_destroy: false });
    await other.wait(id, 'stopped');
    const home = join(other.fly.world.machineStore.dirOf(id), 'home');
    const [begin, end] = ['begin', 'end'].map((name) => Number(readFileSync(join(home, name), 'utf8')));
    const { events } = (await other.get(id)).body;
    const exit = exitOf(events);
    const start = events.find((one: MachineEvent) => one.status === 'started').timestamp;
    expect(exit).toMatchObject({ exit_code: 7 });
    expect(exit?.requested_stop).toBeUndefined();
    expect(start).toBeLessThanOrEqual(begin as number);
    // The file clock advances in steps of 4 ms, and the process needs a moment to end.
    expect(exit?.at).toBeGreaterThanOrEqual((end as number) - 5);
    expect(exit?.at - (end as number)).toBeLessThan(100);
    expect(other.fly.world.machines.get(id)?.intervals).toEqual([{ startedAt: start, stoppedAt: exit?.at }]);
    await other.close();
  });

  it('starts a stopped machine again and refuses a start in every other state with the literal text', async () => {
    const id = await local.create('again', { auto_destroy: false });
    const start = () => local.call('POST', `apps/a/machines/${id}/start`);
    expect(await start()).toMatchObject({
      status: 412,
      body: { error: "failed_precondition: unable to start machine from current state: 'created'" },
    });
    await local.wait(id, 'started');
    expect(await start()).toMatchObject({
      status: 409,
      body: { error: 'aborted: machine still attempting to start' },
    });
    await local.call('POST', `apps/a/machines/${id}/stop`);
    await local.wait(id, 'stopped');
    expect(await start()).toMatchObject({ status: 200, body: { previous_state: 'stopped' } });
    await local.wait(id, 'started');
    expect(local.fly.world.machines.get(id)?.intervals).toHaveLength(2);
  });

  it('refuses to destroy a running machine without force', async () => {
    const id = await local.run('unforced');
    const { status, body } = await local.call('DELETE', `apps/a/machines/${id}`);
    expect(status).toBe(412);
    expect(body.error).toMatch(/^failed_precondition: unable to destroy machine, not currently stopped/);
    expect((await local.call('DELETE', `apps/a/machines/${id}?force=true`)).body).toEqual({ ok: true });
  });

  it('simulates stuck, slow and crashing boots', async () => {
    local.fly.world.behaviours = [
      { match: { name: 'stuck' }, behaviour: { kind: 'stuck_created' } },
      { match: { name: 'slow' }, behaviour: { kind: 'slow_boot', bootDelayMs: 600 } },
      { match: { name: 'crash' }, behaviour: { kind: 'crash', bootDelayMs: 50 } },
    ];
    const [stuck, slow, crash] = [
      await local.create('stuck'),
      await local.create('slow'),
      await local.create('crash'),
    ];
    await local.wait(crash, 'destroyed');
    expect(exitOf((await local.get(crash)).body.events)).toMatchObject({ exit_code: 1 });
    await local.wait(slow, 'started');
    const events = (await local.get(slow)).body.events;
    expect(events[0].timestamp - events.at(-1).timestamp).toBeGreaterThanOrEqual(600);
    expect((await local.get(stuck)).body.state).toBe('created');
    await local.call('DELETE', `apps/a/machines/${stuck}?force=true`);
    expect((await local.wait(stuck, 'destroyed')).status).toBe(200);
  });

  it('runs a hundred machines at once and ends them with their app', async () => {
    const ids = await Promise.all(Array.from({ length: 100 }, (_, i) => local.create(`many-${i}`)));
    await Promise.all(ids.map((id) => local.wait(id, 'started', 60)));
    expect((await local.call('DELETE', 'apps/a?force=true')).status).toBe(202);
    await until(() => ids.every((id) => local.fly.world.machines.get(id)?.state === 'destroyed'));
    expect((await local.get(ids[0] as string)).status).toBe(404);
  }, 60_000);
});
