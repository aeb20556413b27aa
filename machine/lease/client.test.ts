import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LeaseClient } from './client';

setFlagsFromString('--expose-gc');
const collectGarbage: () => void = runInNewContext('gc');

describe('the lease client', () => {
  let asked = 0;
  const silent = createServer(() => {
    asked += 1;
  });
  beforeAll(() => new Promise<void>((done) => void silent.listen(0, '127.0.0.1', done)));
  afterAll(() => silent.close());

  it('MACHINE-21 gives up a call that hangs and asks again, however much memory is collected meanwhile', async () => {
    const said: string[] = [];
    const client = new LeaseClient({
      apiUrl: `http://127.0.0.1:${(silent.address() as AddressInfo).port}`,
      runToken: 'token',
      leaseMs: 20_000,
      guardMs: 18_000,
      report: () => ({}),
      askBy: () => null,
      onLease: () => {},
      onStop: () => {},
      log: (text) => said.push(text),
    });
    const collecting = setInterval(collectGarbage, 20);
    const running = client.run();
    await expect.poll(() => asked, { timeout: 5_000 }).toBeGreaterThanOrEqual(3);
    clearInterval(collecting);
    expect(said[0]).toContain('could not be renewed yet');
    silent.closeAllConnections();
    await client.end('stopped', 10);
    await running;
  });

  it('MACHINE-92 a call that is refused for what it says is asked again without that', async () => {
    const bodies: Record<string, unknown>[] = [];
    const strict = createServer((request, response) => {
      let text = '';
      request.on('data', (chunk) => {
        text += chunk;
      });
      request.on('end', () => {
        const body = JSON.parse(text);
        bodies.push(body);
        response.statusCode = 'metrics' in body || bodies.length === 2 ? 400 : 200;
        response.end(JSON.stringify({ action: 'run', leaseMs: 600_000, final: false }));
      });
    });
    await new Promise<void>((done) => void strict.listen(0, '127.0.0.1', done));
    let lease: number | null = null;
    const client = new LeaseClient({
      apiUrl: `http://127.0.0.1:${(strict.address() as AddressInfo).port}`,
      runToken: 'token',
      leaseMs: 20_000,
      guardMs: 2_000,
      report: () => ({ lastInputAt: 'then', metrics: { cpuPercent: -1 } }),
      askBy: () => null,
      onLease: ({ leaseMs }) => {
        lease = leaseMs;
      },
      onStop: () => {},
      log: () => {},
    });
    const running = client.run();
    await expect.poll(() => lease, { timeout: 5_000 }).toBe(600_000);
    expect(bodies.map((body) => Object.keys(body).slice(3))).toEqual([
      ['lastInputAt', 'metrics'],
      ['lastInputAt'],
      [],
    ]);
    expect(new Set(bodies.map(({ seq }) => seq)).size).toBe(1);
    await client.end('stopped', 1_000);
    expect(bodies.at(-1)).toMatchObject({ event: 'stopped', lastInputAt: 'then' });
    await running;
    strict.close();
  });
});
