import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { promisify } from 'node:util';
import startTestServices from '@/test/services';
import { createWorld, TEST_ENV } from '@/test/world';
import { writeManyRuns } from './many-runs';
import { sizeOf } from './sizes';
import { figure, printTable } from './table';

/**
 * One pass of the reconciler over very many machines and as many open runs on a real PostgreSQL, beside a pass over a
 * tenth of them. The provider's list and the reconciler are processes of their own.
 */

const MOST = sizeOf('BENCH_RUNS', 100_000, 1_000);
const STRAYS = 20;
const node = ['--import', 'tsx'];
type Once = {
  result: { machines: number; orphans: number; missing: number };
  wallSeconds: number;
  cpuSeconds: number;
  peakMb: number;
  idleMb: number;
  statements: number;
};

async function startList(machines: number): Promise<{ url: string; child: ChildProcess }> {
  const args = [...node, 'bench/list-server.ts', String(machines), String(STRAYS)];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  return { url: String(line).trim(), child };
}

async function measurePass(count: number): Promise<Once & { count: number }> {
  const world = await createWorld();
  await writeManyRuns(world.url, count);
  const list = await startList(count);
  try {
    const env = { ...process.env, ...TEST_ENV, DATABASE_URL: world.url, FLY_API_URL: list.url };
    const { stdout } = await promisify(execFile)(process.execPath, [...node, 'bench/reconcile-once.ts'], {
      env,
    });
    return { count, ...(JSON.parse(stdout) as Once) };
  } finally {
    list.child.kill();
    await world.close();
  }
}

const stopServices = await startTestServices();
try {
  const small = await measurePass(MOST / 10);
  const large = await measurePass(MOST);
  const row = (one: typeof small) => ({
    'machines and runs': one.count,
    'wall s': figure(one.wallSeconds),
    'CPU s': figure(one.cpuSeconds),
    'peak RSS MB': figure(one.peakMb, 0),
    'RSS before MB': figure(one.idleMb, 0),
    statements: one.statements,
    'strays destroyed': one.result.orphans,
  });
  printTable('One pass of the reconciler (aim at 100,000: ≤ 60 s, ≤ 300 MB)', [
    row(small),
    row(large),
    {
      'machines and runs': 'ratio (linear: 10)',
      'wall s': figure(large.wallSeconds / small.wallSeconds),
      'CPU s': figure(large.cpuSeconds / small.cpuSeconds),
      'peak RSS MB': figure(large.peakMb / small.peakMb),
      'RSS before MB': '',
      statements: figure(large.statements / small.statements),
      'strays destroyed': '',
    },
  ]);
} finally {
  await stopServices();
}
