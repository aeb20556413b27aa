import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SetupError } from './services/processes';
import { ROOT } from './stack';

const WEB_INPUTS = [
  'app',
  'server',
  'db',
  'client',
  'next.config.ts',
  'postcss.config.mjs',
  'proxy.ts',
  'instrumentation.ts',
  'package-lock.json',
  'patches',
];
const NOTE = '.hourglass/web-build';

type BuildOptions = { dev?: boolean; say?: (line: string) => void };

/** Builds the agent (in well under a second) and, when its sources changed, the web. Throws with the output of a build that failed. */
export async function buildAll({ dev = false, say = () => {} }: BuildOptions): Promise<void> {
  await run('agent', ['machine/build.mjs']);
  if (dev) return;
  const hash = hashOf(WEB_INPUTS);
  const note = join(ROOT, NOTE);
  if (existsSync(join(ROOT, '.next/BUILD_ID')) && existsSync(note) && readFileSync(note, 'utf8') === hash)
    return;
  say('Building the web (about half a minute) …');
  const from = performance.now();
  await run('web', ['node_modules/next/dist/bin/next', 'build']);
  writeFileSync(note, hash);
  say(`Built in ${((performance.now() - from) / 1000).toFixed(1)} s.`);
}

function hashOf(inputs: string[]): string {
  const hash = createHash('sha256');
  for (const input of inputs) {
    const path = join(ROOT, input);
    if (!existsSync(path)) continue;
    const files = input.includes('.')
      ? ['']
      : readdirSync(path, { recursive: true, encoding: 'utf8' }).sort();
    for (const file of files) {
      if (file !== '' && !/\.(tsx?|css|svg|mjs|json|sql|patch)$/.test(file)) continue;
      if (/\.test\.tsx?$/.test(file)) continue;
      hash.update(`${input}/${file}\n`).update(readFileSync(join(path, file)));
    }
  }
  return hash.digest('hex');
}

function run(what: string, args: string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const env = { ...process.env, NODE_ENV: 'production', NEXT_TELEMETRY_DISABLED: '1' } as NodeJS.ProcessEnv;
    const child = spawn(process.execPath, args, { cwd: ROOT, env });
    let output = '';
    child.stdout.on('data', (chunk) => (output += chunk));
    child.stderr.on('data', (chunk) => (output += chunk));
    child.on('error', reject);
    child.on('exit', (code) =>
      code === 0
        ? resolve()
        : reject(new SetupError(`The ${what} could not be built:\n${output.slice(-4000)}`)),
    );
  });
}
