import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { mendDriver } from '@/db/mend-driver.mjs';
import { AGENT_INPUTS, BUNDLE_INPUTS, WEB_INPUTS } from './build-inputs';
import { assembleWeb } from './build-web';
import { buildAgent, buildBundles } from './bundles';
import { lockBuild } from './lock-folder';
import { SetupError } from './services/processes';
import { ROOT } from './stack-part';

type BuildOptions = { dev?: boolean; say?: (line: string) => void };

/**
 * Builds everything production runs into `dist/`, skipping parts whose inputs have not changed. With `dev` it builds
 * the agent alone, because everything else runs from its sources. Throws with the output of a build that failed.
 */
export async function buildAll({ dev = false, say = () => {} }: BuildOptions): Promise<void> {
  const unlock = await lockBuild(join(ROOT, '.hourglass'));
  try {
    mendDriver(join(ROOT, 'node_modules/postgres'));
    await whenChanged('agent', AGENT_INPUTS, () => buildAgent(ROOT));
    if (dev) return;
    await whenChanged('bundles', BUNDLE_INPUTS, () => buildBundles(ROOT));
    await whenChanged('web', WEB_INPUTS, async () => {
      say('Building the web (about half a minute) …');
      const from = performance.now();
      await runNext();
      assembleWeb(ROOT);
      say(`Built in ${((performance.now() - from) / 1000).toFixed(1)} s.`);
    });
  } finally {
    unlock();
  }
}

/** Runs `work` unless `dist/` already holds its output for the same inputs. */
async function whenChanged(what: string, inputs: string[], work: () => Promise<void>): Promise<void> {
  const [note, hash] = [join(ROOT, `dist/${what}.inputs`), hashOf(inputs)];
  if (existsSync(note) && readFileSync(note, 'utf8') === hash) return;
  await work();
  mkdirSync(join(ROOT, 'dist'), { recursive: true });
  writeFileSync(note, hash);
}

function hashOf(inputs: string[]): string {
  const hash = createHash('sha256').update(process.version);
  for (const input of inputs) {
    const path = join(ROOT, input);
    if (!existsSync(path)) continue;
    const files = input.includes('.')
      ? ['']
      : readdirSync(path, { recursive: true, encoding: 'utf8' }).sort();
    for (const file of files) {
      if (file !== '' && !/\.(tsx?|css|svg|mjs|jsonl?|sql|patch)$/.test(file)) continue;
      if (/\.test\.tsx?$/.test(file)) continue;
      hash.update(`${input}/${file}\n`).update(readFileSync(join(path, file)));
    }
  }
  return hash.digest('hex');
}

function runNext(): Promise<void> {
  return new Promise((resolve, reject) => {
    const env = { ...process.env, NODE_ENV: 'production', NEXT_TELEMETRY_DISABLED: '1' } as NodeJS.ProcessEnv;
    const child = spawn(process.execPath, ['node_modules/next/dist/bin/next', 'build'], { cwd: ROOT, env });
    let output = '';
    child.stdout.on('data', (chunk) => (output += chunk));
    child.stderr.on('data', (chunk) => (output += chunk));
    child.on('error', reject);
    child.on('exit', (code) =>
      code === 0 ? resolve() : reject(new SetupError(`The web could not be built:\n${output.slice(-4000)}`)),
    );
  });
}
