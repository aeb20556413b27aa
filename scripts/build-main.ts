import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { buildAll } from './build-all';
import { ROOT } from './stack';

mkdirSync(join(ROOT, '.hourglass'), { recursive: true });
await buildAll({ say: (line) => process.stdout.write(`${line}\n`) });
