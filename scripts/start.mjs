// `npm run start:…`, `operator`, `db:migrate` and `db:seed`: runs what `npm run build` left in `dist/`, with plain Node
// in this process.
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const [name = '', ...args] = process.argv.slice(2);
const file = fileURLToPath(new URL(`../dist/${name}/main.mjs`, import.meta.url));
if (!existsSync(file)) {
  process.stderr.write(`There is no build of ${name || 'nothing'} here: run \`npm run build\` first.\n`);
  process.exit(1);
}
// Libraries read NODE_ENV once, when they are loaded. The local cloud is for development and refuses production.
if (['web', 'worker', 'gateway'].includes(name)) process.env.NODE_ENV ||= 'production';
process.argv.splice(1, process.argv.length, file, ...args);
await import(file);
