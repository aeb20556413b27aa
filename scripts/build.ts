import { buildAll } from './build-all';

/** `npm run build`: builds everything production runs into `dist/`. */
await buildAll({ say: (line) => process.stdout.write(`${line}\n`) });
