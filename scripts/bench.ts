import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './stack';

/** Every benchmark in turn, or those whose name contains the argument; each prints ours beside its comparison. */
const wanted = process.argv[2] ?? '';
const files = readdirSync(join(ROOT, 'bench')).filter(
  (name) => name.endsWith('.bench.ts') && name.includes(wanted),
);
let failed = 0;
for (const file of files) {
  const { status } = spawnSync(process.execPath, ['--import', 'tsx', join('bench', file)], {
    cwd: ROOT,
    stdio: 'inherit',
  });
  if (status !== 0) failed += 1;
}
process.exit(failed > 0 ? 1 : 0);
