import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '@/scripts/stack-part';

/** A stand-in for the public Node image: Debian, the Node that runs this test, and the user `node`. */

const FOLDER = join(ROOT, '.hourglass/images');
const TIMEOUT_MS = 150_000;
/** The last three are the packages the machine image needs from its first stage to start. */
const PACKAGES = ['ca-certificates', 'procps', 'sudo', 'tini'];
const HOOKS = [
  'cp "$BASE_NODE" "$1/usr/local/bin/node"',
  'chroot "$1" useradd --create-home --uid 1000 --shell /bin/bash node',
  // Fails for a Node built for another system.
  'chroot "$1" node --version',
];
const WITHOUT = ['/usr/share/doc/*', '/usr/share/man/*', '/usr/share/locale/*'];

/** Returns the archive of the base, made once and kept in `.hourglass/images`; or why it cannot be made here. */
export async function prepareBase(): Promise<{ archive: string } | { problem: string }> {
  const args = [
    ...['--mode=root', '--variant=minbase', `--include=${PACKAGES.join(',')}`],
    ...WITHOUT.map((path) => `--dpkgopt=path-exclude=${path}`),
    ...HOOKS.map((hook) => `--customize-hook=${hook}`),
  ];
  const hash = createHash('sha256')
    .update(JSON.stringify([process.version, args]))
    .digest('hex');
  const name = `base-${hash.slice(0, 12)}.tar`;
  const archive = join(FOLDER, name);
  if (existsSync(archive)) return { archive };
  mkdirSync(FOLDER, { recursive: true });
  for (const old of readdirSync(FOLDER)) if (/^base-/.test(old)) rmSync(join(FOLDER, old));
  const part = join(FOLDER, `part-${process.pid}.tar`);
  const env = { ...process.env, BASE_NODE: process.execPath };
  const problem = await mmdebstrap([...args, 'bookworm', part], env);
  if (problem) rmSync(part, { force: true });
  else renameSync(part, archive);
  return problem ? { problem: `mmdebstrap made no Debian to build on: ${problem}` } : { archive };
}

/** Returns the error text, or undefined. */
function mmdebstrap(args: string[], env: NodeJS.ProcessEnv): Promise<string | undefined> {
  return new Promise((resolve) => {
    execFile('mmdebstrap', args, { env, timeout: TIMEOUT_MS, maxBuffer: 1 << 24 }, (failure, out, error) => {
      const lines = `${out}\n${error}`.split('\n').filter((line) => /^(E|W|mmdebstrap):/.test(line));
      const isLate = failure?.killed ? `it was not done after ${TIMEOUT_MS / 1000} s` : failure?.message;
      resolve(failure ? lines.at(-1) || isLate?.split('\n')[0] : undefined);
    });
  });
}
