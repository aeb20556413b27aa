import { readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

/**
 * Applies `patches/postgres-*.patch` to the installed driver, in order; each names its change and the test that proves
 * it. Runs after every install and before every build, so that bundles contain the patched driver. `openDatabase`
 * refuses any other.
 */

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..');
const VERSION = '3.4.9';
/** The same code as ES modules and as CommonJS. The file with the marker of the last patch is written last. */
const PARTS = ['src', 'cjs/src'];
const FILES = ['connection.js', 'index.js'];

/** Returns the patches in order, each as a map from file name to its changes. */
export function readPatches() {
  const folder = join(ROOT, 'patches');
  const names = readdirSync(folder).filter((name) => name.startsWith(`postgres-${VERSION}-`));
  return names.sort().map((name) => readPatch(readFileSync(join(folder, name), 'utf8')));
}

/** Returns the changes of a unified diff: for each file name, the texts to replace and their replacements. */
function readPatch(text) {
  const changes = new Map();
  for (const section of text.split(/^--- .*\n(?=\+\+\+ )/m).slice(1)) {
    const [, name] = /^\+\+\+ b\/src\/(\S+)\n/.exec(section);
    const hunks = section.split(/^@@ .* @@.*\n/m).slice(1);
    changes.set(
      name,
      hunks.map((hunk) => ({ before: sideOf(hunk, '-'), after: sideOf(hunk, '+') })),
    );
  }
  return changes;
}

/** Returns one side of a hunk: its context lines and its own lines. */
const sideOf = (hunk, sign) =>
  hunk
    .split('\n')
    .filter((line) => line.startsWith(' ') || line.startsWith(sign))
    .map((line) => `${line.slice(1)}\n`)
    .join('');

/** Returns the files with one patch applied, or null when they do not match the patch. */
function applyPatch(files, patch) {
  const patched = { ...files };
  for (const [name, hunks] of patch)
    for (const { before, after } of hunks) {
      if (patched[name].split(before).length !== 2) return null;
      patched[name] = patched[name].replace(before, () => after);
    }
  return patched;
}

/** Returns the marker that the last patch sets as `postgres.mended`. */
export const markerOf = (patches) => `${VERSION}+${patches.length}`;

/** Returns the files of one part brought from any earlier patch level to the last one, or null when they match none. */
function bringUp(files, patches) {
  if (files['index.js'].includes(`mended: '${markerOf(patches)}'`)) return files;
  for (let from = 0; from < patches.length; from++) {
    const done = patches.slice(from).reduce((current, patch) => current && applyPatch(current, patch), files);
    if (done) return done;
  }
  return null;
}

/**
 * Patches the driver in this folder; does nothing when it is patched. Throws when it matches neither the published
 * driver nor an earlier patch level. Files are replaced, never written in place, because package managers link them
 * between trees.
 */
export function mendDriver(folder) {
  const { version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  if (version !== VERSION)
    throw new Error(
      `postgres is ${version}, and patches/ is for ${VERSION}: see which patches are still needed.`,
    );
  const patches = readPatches();
  for (const part of PARTS) {
    const files = Object.fromEntries(
      FILES.map((name) => [name, readFileSync(join(folder, part, name), 'utf8')]),
    );
    const mended = bringUp(files, patches);
    if (!mended)
      throw new Error(
        `${join(folder, part)} is not as patches/ expects it: remove ${folder} and install it again.`,
      );
    for (const name of FILES)
      if (mended[name] !== files[name]) replaceFile(join(folder, part, name), mended[name]);
  }
}

function replaceFile(path, text) {
  const fresh = `${path}.${process.pid}`;
  writeFileSync(fresh, text);
  renameSync(fresh, path);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href)
  mendDriver(join(ROOT, 'node_modules/postgres'));
