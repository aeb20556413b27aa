import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { forEachAtOnce } from '@/server/at-once';
import { complaintsAbout } from './bench-tables';
import { buildAll } from './build-all';
import { ROOT } from './stack-part';

/**
 * `npm run bench [name]`: runs every benchmark, or those whose name contains the argument; each prints its figures
 * beside their comparison. With `--quick` each takes seconds and only shows that it works. Exits with 1 when a
 * benchmark fails or compares nothing.
 */
const isQuick = process.argv.includes('--quick');
const [wanted = ''] = process.argv.slice(2).filter((word) => !word.startsWith('--'));
const files = readdirSync(join(ROOT, 'bench'))
  .filter((name) => name.endsWith('.bench.ts') && name.includes(wanted))
  // The longest benchmark starts first, so that the others run beside it.
  .sort((a, b) => Number(b.startsWith('timekeeper')) - Number(a.startsWith('timekeeper')));

function run(file: string): Promise<{ code: number; output: string }> {
  return new Promise((resolve) => {
    const env = { ...process.env, ...(isQuick ? { BENCH_QUICK: '1' } : {}) };
    const args = ['--import', 'tsx', join('bench', file)];
    const child = spawn(process.execPath, args, { cwd: ROOT, env, stdio: ['inherit', 'pipe', 'inherit'] });
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk;
      // The output of parallel benchmarks is shown when each is done.
      if (!isQuick) process.stdout.write(chunk);
    });
    child.on('exit', (code) => {
      if (isQuick) process.stdout.write(output);
      resolve({ code: code ?? 1, output });
    });
  });
}

if (files.length === 0) process.stderr.write(`There is no benchmark with ${wanted} in its name.\n`);
let failed = files.length === 0 ? 1 : 0;
// Some benchmarks run the built processes.
await buildAll({});
// Only a benchmark that runs alone has meaningful figures; with `--quick` figures do not matter, and most of the time
// is waiting.
await forEachAtOnce(files, isQuick ? 2 : 1, async (file) => {
  const from = performance.now();
  const { code, output } = await run(file);
  const complaints = code === 0 ? complaintsAbout(output) : [`it ended with code ${code}`];
  for (const complaint of complaints) process.stderr.write(`${file}: ${complaint}\n`);
  process.stdout.write(`\n${file}: ${((performance.now() - from) / 1000).toFixed(1)} s\n`);
  if (complaints.length > 0) failed += 1;
});
process.exit(failed > 0 ? 1 : 0);
