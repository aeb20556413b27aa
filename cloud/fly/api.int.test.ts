import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LocalFly, until } from '../testing/local-fly';

describe('rules of the local Machines API', () => {
  let local: LocalFly;
  beforeAll(async () => {
    local = await LocalFly.start();
  });
  afterAll(() => local.close());

  it('requires a token and gives every response a request id', async () => {
    const response = await fetch(`http://127.0.0.1:${local.fly.port}/v1/apps/none`);
    expect(response.status).toBe(401);
    expect(await response.json()).toEqual({ error: 'Authenticate: token validation error' });
    expect(response.headers.get('fly-request-id')).toMatch(/^[0-9A-Z]{26}-iad$/);
    const strict = await LocalFly.start({ token: 'right' });
    expect((await strict.call('GET', 'apps/none', undefined, 'wrong')).status).toBe(401);
    expect((await strict.call('GET', 'apps/none', undefined, 'right')).status).toBe(404);
    await strict.close();
  });

  it('accepts an app name once', async () => {
    const body = { app_name: 'once', org_slug: 'o', network: 'n-once' };
    expect((await local.call('POST', 'apps', body)).status).toBe(201);
    expect(await local.call('POST', 'apps', body)).toEqual({
      status: 422,
      body: { error: 'Validation failed: Name has already been taken', status: 'name_taken' },
    });
    expect((await local.call('GET', 'apps/once')).body).toMatchObject({ name: 'once', network: 'n-once' });
  });

  it('keeps a machine name unique among existing machines and names the holder', async () => {
    const id = await local.run('unique');
    const again = { name: 'unique', config: { image: 'session' } };
    expect(await local.call('POST', 'apps/a/machines', again)).toEqual({
      status: 409,
      body: {
        error: `already_exists: unique machine name violation, machine ID ${id} already exists with name "unique"`,
      },
    });
    await local.call('DELETE', `apps/a/machines/${id}?force=true`);
    await local.wait(id, 'destroyed');
    expect((await local.call('POST', 'apps/a/machines', again)).status).toBe(200);
  });

  it('waits at most a minute, answers 408 with the state, and 404 when the machine is gone', async () => {
    const id = await local.run('waited');
    const wait = (query: string) => local.call('GET', `apps/a/machines/${id}/wait?${query}`);
    expect(await wait('timeout=61')).toMatchObject({ status: 400 });
    expect((await wait('timeout=61')).body.error).toContain('value must be inside range [1s, 1m0s]');
    expect(await wait('state=stopped&timeout=1')).toEqual({
      status: 408,
      body: { error: 'deadline_exceeded: machine failed to reach desired state, stopped, currently started' },
    });
    const gone = wait('state=stopped&timeout=20');
    await local.call('DELETE', `apps/a/machines/${id}?force=true`);
    expect((await gone).status).toBe(404);
    expect((await local.call('GET', 'apps/a/machines/00000000000000/wait')).status).toBe(404);
  });

  it('limits each action on each id to 1/s with a burst of 3, reads of a machine to 5/s with 10', async () => {
    const limited = await LocalFly.start({ rateLimits: true });
    const id = await limited.run('limited');
    const statuses = async (count: number, path: string) =>
      (await Promise.all(Array.from({ length: count }, () => limited.call('GET', path)))).map(
        ({ status }) => status,
      );
    const lists = await statuses(6, 'apps/a/machines');
    expect(lists.filter((status) => status === 200)).toHaveLength(3);
    const gets = await statuses(14, `apps/a/machines/${id}`);
    expect(gets.filter((status) => status === 429).length).toBeGreaterThanOrEqual(3);
    expect(gets.filter((status) => status === 200).length).toBeGreaterThanOrEqual(10);
    await limited.close();
  });

  it('finds machines by metadata and changes it without a new version', async () => {
    const id = await local.run('tagged', { metadata: { hourglass_run: 'r1', hourglass_env: 'dev' } });
    const found = async (query: string) =>
      (await local.call('GET', `apps/a/machines?${query}`)).body.map((one: { id: string }) => one.id);
    expect(await found('metadata.hourglass_run=r1&metadata.hourglass_env=dev')).toEqual([id]);
    expect(await found('metadata.hourglass_run=r2')).toEqual([]);
    const path = `apps/a/machines/${id}/metadata`;
    expect((await local.call('PATCH', path, { metadata: { hourglass_run: null, more: 'x' } })).status).toBe(
      204,
    );
    expect((await local.call('GET', path)).body).toEqual({ hourglass_env: 'dev', more: 'x' });
    expect((await local.call('PATCH', path, { metadata: { a: 'b' }, machine_version: 'old' })).status).toBe(
      412,
    );
  });

  it('binds a volume to its machine and releases it shortly after', async () => {
    const volume = (await local.call('POST', 'apps/a/volumes', { name: 'work', region: 'iad', size_gb: 1 }))
      .body;
    const mounts = [{ volume: volume.id, path: '/workspace' }];
    const id = await local.run('mounting', { mounts });
    const taken = { name: 'second', config: { image: 'session', mounts } };
    expect(await local.call('POST', 'apps/a/machines', taken)).toEqual({
      status: 412,
      body: { error: `failed_precondition: volume already claimed by machine ${id}` },
    });
    const remove = () => local.call('DELETE', `apps/a/volumes/${volume.id}`);
    expect((await remove()).body.error).toBe(
      `failed_precondition: volume is currently bound to machine: ${id}`,
    );
    await local.call('DELETE', `apps/a/machines/${id}?force=true`);
    await local.wait(id, 'destroyed');
    expect(
      (await local.call('PUT', `apps/a/volumes/${volume.id}/extend`, { size_gb: 2 })).body.volume.size_gb,
    ).toBe(2);
    const removed = await until(async () => {
      const answer = await remove();
      return answer.status === 200 && answer;
    });
    expect(removed.body.state).toBe('pending_destroy');
    expect((await local.call('POST', 'apps/a/machines', taken)).body).toEqual({ error: 'volume not found' });
  });

  it('lists an organisation in pages and names the regions that did not answer', async () => {
    for (const name of ['org-1', 'org-2', 'org-3']) await local.create(name);
    const seen: string[] = [];
    for (let cursor = ''; ; ) {
      const { body } = await local.call('GET', `orgs/o/machines?limit=2&cursor=${cursor}`);
      expect(body.machines.length).toBeLessThanOrEqual(2);
      seen.push(...body.machines.map(({ name }: { name: string }) => name));
      cursor = body.next_cursor;
      if (!cursor) break;
    }
    expect(seen).toEqual(expect.arrayContaining(['org-1', 'org-2', 'org-3']));
    expect(new Set(seen).size).toBe(seen.length);
    local.fly.faults.add({ kind: 'error_regions', regions: ['iad'], times: 1 });
    expect((await local.call('GET', 'orgs/o/machines')).body).toMatchObject({
      machines: [],
      error_regions: ['iad'],
    });
  });

  it('refuses what would be ignored or fail later: unknown fields, long stop times, wrong sizes', async () => {
    const create = async (config: object, more = {}) =>
      (await local.call('POST', 'apps/a/machines', { config: { image: 'x', ...config }, ...more })).body
        .error;
    expect(await create({ autodestroy: true })).toContain('unknown field "body.config.autodestroy"');
    expect(await create({}, { nmae: 'x' })).toContain('unknown field "body.nmae"');
    expect(await create({ stop_config: { timeout: '6m' } })).toBe(
      'invalid stop_config.timeout, cannot exceed 5 minutes',
    );
    expect(await create({ env: { A: 1 } })).toContain('cannot unmarshal number');
    expect(await create({ guest: { cpu_kind: 'shared', cpus: 2, memory_mb: 8192 } })).toContain('memory_mb');
    const id = await local.run('array-stop');
    expect((await local.call('POST', `apps/a/machines/${id}/stop`, [])).body.error).toContain(
      'cannot unmarshal array',
    );
  });

  it('lets only the holder of a lease change a machine', async () => {
    const id = await local.run('leased');
    const lease = await local.call('POST', `apps/a/machines/${id}/lease`, { ttl: 60 });
    expect(lease).toMatchObject({ status: 201, body: { status: 'success' } });
    expect((await local.call('POST', `apps/a/machines/${id}/stop`)).body.error).toMatch(
      /^machine ID \w+ lease currently held by .+, expires at /,
    );
  });
});
