// `npm run agents:update`: writes the newest published version of each agent into package.json beside this file.
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const file = fileURLToPath(new URL('package.json', import.meta.url));
const manifest = JSON.parse(readFileSync(file, 'utf8'));
for (const [name, pinned] of Object.entries(manifest.dependencies)) {
  const newest = execFileSync('npm', ['view', name, 'version'], { encoding: 'utf8' }).trim();
  if (!/^\d+\.\d+\.\d+$/.test(newest))
    throw new Error(`${name}: "${newest}" is not a version; nothing was changed.`);
  manifest.dependencies[name] = newest;
  process.stdout.write(`${name} ${pinned === newest ? newest : `${pinned} → ${newest}`}\n`);
}
writeFileSync(file, `${JSON.stringify(manifest, null, 2)}\n`);
