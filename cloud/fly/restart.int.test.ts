import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { LocalFly, until } from '../testing/local-fly';
import { readMainPid } from './machine-process';

describe('restart of the local Machines API', () => {
  let local: LocalFly;
  afterEach(() => local.close());

  const pidOf = (id: string) => until(() => readMainPid(local.fly.world.machineStore.dirOf(id)));

  it('adopts machines that still run and can stop them', async () => {
    local = await LocalFly.start();
    const id = await local.run('kept');
    const pid = await pidOf(id);
    await local.restart();
    expect((await local.get(id)).body.state).toBe('started');
    expect(existsSync(`/proc/${pid}`)).toBe(true);
    await local.call('POST', `apps/a/machines/${id}/stop`, { timeout: '5s' });
    await local.wait(id, 'destroyed');
    const exit = (await local.get(id)).body.events.find(({ type }: { type: string }) => type === 'exit');
    expect(exit).toBeDefined();
    expect(existsSync(`/proc/${pid}`)).toBe(false);
  });

  it('reads the exact end of a machine that exited while the cloud was down', async () => {
    local = await LocalFly.start({ machineCommand: "sh -c 'until [ -e end ]; do sleep 0.02; done; exit 3'" });
    const id = await local.run('ended', { auto_destroy: false });
    const dir = local.fly.world.machineStore.dirOf(id);
    await local.restart(async () => {
      const { writeFileSync } = await import('node:fs');
      writeFileSync(join(dir, 'home', 'end'), '');
      await until(() => existsSync(join(dir, 'exit')) && readFileSync(join(dir, 'exit'), 'utf8') === '3\n');
    });
    const { body } = await local.get(id);
    expect(body.state).toBe('stopped');
    expect(body.events[0]).toMatchObject({
      type: 'exit',
      timestamp: Math.floor(statSync(join(dir, 'exit')).mtimeMs),
    });
  });

  it('dates a death without a record to the last moment the cloud was watching', async () => {
    local = await LocalFly.start();
    const id = await local.run('vanished', { auto_destroy: false });
    const group = local.fly.world.machines.get(id)?.process?.groupId as number;
    let closedAt = 0;
    await local.restart(async () => {
      closedAt = Date.now();
      process.kill(-group, 'SIGKILL');
      await until(() => !existsSync(`/proc/${group}`));
    });
    const { body } = await local.get(id);
    expect(body.state).toBe('stopped');
    expect(body.events[0].timestamp).toBeLessThanOrEqual(closedAt);
    expect(body.events[0].timestamp).toBeGreaterThan(closedAt - 2000);
  });

  it('finishes what had begun: a launch, a stop within its timeout, a destroy', async () => {
    local = await LocalFly.start({ delays: { createdMs: 300 } });
    local.fly.world.behaviours = [{ match: { name: 'stopping' }, behaviour: { kind: 'stubborn' } }];
    const stopping = await local.run('stopping');
    await pidOf(stopping);
    await local.call('POST', `apps/a/machines/${stopping}/stop`, { timeout: '500ms' });
    const launching = await local.create('launching');
    await local.restart();
    expect((await local.wait(launching, 'started')).status).toBe(200);
    expect((await local.wait(stopping, 'destroyed')).status).toBe(200);
  });

  it('kills its machines when it closes and records their ends', async () => {
    local = await LocalFly.start();
    const id = await local.run('closed');
    const pid = await pidOf(id);
    await local.fly.close();
    expect(existsSync(`/proc/${pid}`)).toBe(false);
    const record = local.fly.world.machines.get(id);
    expect(record?.state).toBe('destroyed');
    expect(record?.intervals[0]?.stoppedAt).not.toBeNull();
    await local.restart();
    expect((await local.get(id)).body.state).toBe('destroyed');
  });
});
