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
});
