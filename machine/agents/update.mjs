// `npm run agents:update`: writes the newest published version of each agent into package.json beside this file. When one
// of them cannot be told nothing is written.
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const file = fileURLToPath(new URL('package.json', import.meta.url));
const manifest = JSON.parse(readFileSync(file, 'utf8'));

/** The version that npm installs by default; previews are published under other names. */
function newestOf(name) {
  try {
    const said = execFileSync('npm', ['view', name, 'version'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    if (/^\d+\.\d+\.\d+$/.test(said.trim())) return said.trim();
    process.stderr.write(`${name}: "${said.trim()}" is not a version. Nothing was changed.\n`);
  } catch (error) {
    process.stderr.write(
      `${name}: npm does not tell its version. Nothing was changed.\n${error.stderr ?? error.message}\n`,
    );
  }
  process.exit(1);
}

for (const [name, pinned] of Object.entries(manifest.dependencies)) {
  const newest = newestOf(name);
  manifest.dependencies[name] = newest;
  process.stdout.write(`${name} ${pinned === newest ? newest : `${pinned} → ${newest}`}\n`);
}
writeFileSync(file, `${JSON.stringify(manifest, null, 2)}\n`);
