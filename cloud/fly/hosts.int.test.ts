import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { LocalFly, until } from '../testing/local-fly';
import { cutOff, loseHost, rejoin } from './hosts';
import type { MachineRecord } from './records';

describe('hosts of the local Machines API', () => {
  let local: LocalFly;
  beforeAll(async () => {
    local = await LocalFly.start();
  });
  afterEach(() => local.fly.faults.clear());
  afterAll(() => local.close());

  const record = (id: string) => local.fly.world.machines.get(id) as MachineRecord;
  const types = async (id: string): Promise<string[]> =>
    (await local.get(id)).body.events.map(
      ({ type, status }: { type: string; status: string }) => `${type}/${status}`,
    );

  it('shows the last known state of an unreachable host, refuses changes, and shows the actual state once it is back', async () => {
    const id = await local.run('cut-off');
    cutOff(local.fly, record(id));
    local.fly.life.signal(record(id), 'SIGKILL');
    await until(() => record(id).state === 'destroyed');
    const { body } = await local.get(id);
    expect(body).toMatchObject({ state: 'started', host_status: 'unreachable', config: null });
    expect(body.incomplete_config.image).toBe('session');
    expect(await types(id)).not.toContain('exit/stopped');
    expect((await local.call('POST', `apps/a/machines/${id}/stop`)).status).toBe(404);
    rejoin(local.fly, record(id));
    expect((await local.get(id)).body.state).toBe('destroyed');
    expect(await types(id)).toContain('exit/stopped');
  });

  it('refuses to stop and to destroy a machine whose host is unreachable', async () => {
    const id = await local.run('beyond-reach');
    cutOff(local.fly, record(id));
    const stop = await local.call('POST', `apps/a/machines/${id}/stop`);
    expect([stop.status, stop.body.error]).toEqual([
      503,
      'unavailable: the host of this machine is unreachable',
    ]);
    expect((await local.call('DELETE', `apps/a/machines/${id}?force=true`)).status).toBe(503);
    expect(record(id).state).toBe('started');
  });

  it('knows neither a machine whose host is lost nor its volume', async () => {
    await local.call('POST', 'apps', { app_name: 'a', org_slug: 'o' });
    const volume = (await local.call('POST', 'apps/a/volumes', { name: 'v', region: 'iad' })).body.id;
    const id = await local.run('lost', { mounts: [{ volume, path: '/data' }] });
    loseHost(local.fly, record(id));
    expect((await local.get(id)).status).toBe(404);
    expect((await local.call('GET', `apps/a/volumes/${volume}`)).status).toBe(404);
    const listed = await local.call('GET', 'apps/a/machines?include_deleted=true');
    expect(listed.body.map((machine: { id: string }) => machine.id)).not.toContain(id);
    await until(() => record(id).intervals[0]?.stoppedAt !== null);
  });

  it.each([false, true])(
    'moves a machine: same id, forked volume, a second start (events forgotten: %s)',
    async (forget) => {
      await local.call('POST', 'apps', { app_name: 'a', org_slug: 'o' });
      const name = forget ? 'moved_f' : 'moved_k';
      const volume = (await local.call('POST', 'apps/a/volumes', { name, region: 'iad' })).body.id;
      const id = await local.run(name.replace('_', '-'), { mounts: [{ volume, path: '/data' }] });
      const before = (await local.get(id)).body;
      local.fly.life.migrate(record(id), forget);
      await until(() => record(id).intervals.length === 2 && record(id).state === 'started');
      const { body } = await local.get(id);
      expect(body.config.mounts[0].volume).not.toBe(volume);
      expect((await local.call('GET', `apps/a/volumes/${volume}`)).body.state).toBe('pending_destroy');
      expect([body.private_ip, body.instance_id]).not.toEqual([before.private_ip, before.instance_id]);
      expect((await types(id)).includes('exit/stopped')).toBe(!forget);
      expect(body.events.find(({ type }: { type: string }) => type === 'launch').source).toBe('flyd');
    },
  );

  it('repeats events, and a start under a second id shortly after', async () => {
    const id = await local.run('twice');
    local.fly.faults.add({ kind: 'duplicate_events', action: 'machine.get', times: 1 });
    const starts = (await local.get(id)).body.events.filter(
      ({ type, status }: { type: string; status: string }) => type === 'start' && status === 'started',
    );
    expect(starts).toHaveLength(3);
    expect(new Set(starts.map((event: { id: string }) => event.id)).size).toBe(2);
  });

  it('answers stops without effect, as often as requested', async () => {
    const id = await local.run('deaf');
    local.fly.faults.add({ kind: 'no_effect', action: 'machine.stop', forMs: 60_000 });
    expect((await local.call('POST', `apps/a/machines/${id}/stop`)).body).toEqual({ ok: true });
    expect(record(id).state).toBe('started');
    local.fly.faults.clear();
    local.fly.faults.add({ kind: 'no_effect', action: 'machine.stop', forMs: -1 });
    await local.call('POST', `apps/a/machines/${id}/stop`);
    expect(['stopping', 'destroying', 'destroyed']).toContain(record(id).state);
  });
});
