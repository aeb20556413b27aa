import { type AddressInfo, createServer, type Server } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { findFreePort } from '@/scripts/services/processes';
import { type Jobs, openJobs } from './jobs';
import { makeLog } from './log';

let jobs: Jobs | undefined;
let server: Server | undefined;
afterEach(async () => {
  const ending = jobs?.close();
  server?.close();
  await Promise.race([ending, new Promise((resolve) => setTimeout(resolve, 500))]);
});

async function msToWake(port: number): Promise<number> {
  jobs = openJobs(
    { url: `redis://127.0.0.1:${port}`, environmentId: 'dev' },
    () => 0,
    makeLog('test', 'silent'),
  );
  await new Promise((resolve) => setTimeout(resolve, 200));
  const from = performance.now();
  await jobs.wakeRun('run', 0);
  return performance.now() - from;
}

describe('a wake-up', () => {
  it('SESSION-19 does not wait for a Redis that is away', async () => {
    expect(await msToWake(await findFreePort())).toBeLessThan(1_000);
  });

  it('SESSION-19 does not wait for a Redis that accepts connections and never answers', async () => {
    server = createServer((socket) => socket.on('error', () => {}));
    await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
    expect(await msToWake((server.address() as AddressInfo).port)).toBeLessThan(1_000);
  });
});
