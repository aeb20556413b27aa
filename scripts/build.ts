import { buildAll } from './build-all';

/** `npm run build`: everything that production runs, in `dist/`. */
await buildAll({ say: (line) => process.stdout.write(`${line}\n`) });
