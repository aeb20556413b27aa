import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { LocalFly } from '../testing/local-fly';

describe('faults of the local Machines API', () => {
  let local: LocalFly;
  beforeAll(async () => {
    local = await LocalFly.start();
    await local.call('POST', 'apps', { app_name: 'a', org_slug: 'o' });
  });
  afterEach(() => local.fly.faults.clear());
  afterAll(() => local.close());

  const create = (name: string) => local.call('POST', 'apps/a/machines', { name, config: { image: 'x' } });
  const names = async () =>
    (await local.call('GET', 'apps/a/machines')).body.map(({ name }: { name: string }) => name);

  it('loses the answer of a create that was carried out', async () => {
    local.fly.faults.add({ kind: 'after_commit_reset', action: 'machine.create', times: 1 });
    await expect(create('lost')).rejects.toThrow();
    expect(await names()).toContain('lost');
    expect((await create('lost')).status).toBe(409);
  });

  it('answers an error after a create that was carried out', async () => {
    local.fly.faults.add({ kind: 'after_commit_status', status: 502, action: 'machine.create', times: 1 });
    expect((await create('half')).status).toBe(502);
    expect(await names()).toContain('half');
  });

  it('hangs after a create that was carried out', async () => {
    local.fly.faults.add({ kind: 'after_commit_hang', action: 'machine.create', times: 1 });
    const hung = fetch(`http://127.0.0.1:${local.fly.port}/v1/apps/a/machines`, {
      method: 'POST',
      headers: { authorization: 'Bearer x' },
      body: JSON.stringify({ name: 'hung', config: { image: 'x' } }),
      signal: AbortSignal.timeout(300),
    });
    await expect(hung).rejects.toThrow();
    expect(await names()).toContain('hung');
    expect(local.fly.calls.since(0).findLast(({ action }) => action === 'machine.create')?.status).toBeNull();
  });

  it('does nothing when it fails before the work', async () => {
    local.fly.faults.add({ kind: 'status', status: 503, action: 'machine.create', retryAfter: 2, times: 1 });
    local.fly.faults.add({ kind: 'reset', method: 'POST', path: '/machines$', times: 1 });
    expect((await create('never')).status).toBe(503);
    await expect(create('never')).rejects.toThrow();
    expect(await names()).not.toContain('never');
  });

  it('shows an empty list and stale reads', async () => {
    const { body } = await create('late');
    local.fly.faults.add({ kind: 'empty_list', action: 'machine.list', times: 1 });
    expect(await names()).toEqual([]);
    local.fly.faults.add({ kind: 'lag', latencyMs: 60_000 });
    expect(await names()).toEqual([]);
    expect((await local.get(body.id)).status).toBe(404);
    local.fly.faults.clear();
    expect((await local.get(body.id)).status).toBe(200);
  });
});
