import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { runChaos } from '@/test/chaos/chaos';
import { report } from '@/test/chaos/report';
import type { Setting } from '@/test/chaos/setting';

/**
 * `npm run chaos -- [--minutes N] [--seed S[,S…]] [--brief]`: runs real processes under random faults, once per seed.
 * The last line sums up; exits with 1 when a target is missed. `--brief` is what `npm test` runs: half a minute of
 * faults.
 */

const { values } = parseArgs({
  options: {
    minutes: { type: 'string' },
    seed: { type: 'string' },
    people: { type: 'string' },
    brief: { type: 'boolean' },
  },
});
const brief = values.brief === true;
const minutes = Number(values.minutes ?? (brief ? 0.4 : 30));
const seeds = (values.seed ?? String(Date.now() % 1_000_000)).split(',').map(Number);
const people = Number(values.people ?? (brief ? 4 : 6));
if (!(minutes > 0 && minutes <= 600) || !seeds.every(Number.isInteger) || !(people >= 1 && people <= 50)) {
  process.stderr.write(
    '--minutes is 0 to 600, --seed one or more whole numbers with commas between, --people 1 to 50.\n',
  );
  process.exit(1);
}

const say = (line: string) => process.stdout.write(`${line}\n`);
let endAll: (() => Promise<unknown>) | undefined;
let interrupted = false;
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
  process.on(name, () => {
    if (interrupted) return;
    interrupted = true;
    say('Ending everything …');
    void (endAll?.() ?? Promise.resolve()).finally(() => process.exit(130));
  });

/** Runs one seed in this process, whose clock is shifted permanently. Returns whether every target was met. */
async function runOne(seed: number): Promise<boolean> {
  say(`Seed ${seed}, ${minutes} min of faults.`);
  const result = await runChaos({ minutes, seed, people, brief, say }, (opened: Setting) => {
    endAll = () => opened.close();
  });
  return report(result);
}

/** Runs several seeds, each in its own process. Returns whether every target of each was met. */
async function runAll(): Promise<boolean> {
  const missed: number[] = [];
  for (const seed of seeds) {
    const args = ['--minutes', String(minutes), '--seed', String(seed), '--people', String(people)];
    const script = [...process.execArgv, fileURLToPath(import.meta.url)];
    const child = spawn(process.execPath, [...script, ...args, ...(brief ? ['--brief'] : [])], {
      stdio: 'inherit',
    });
    const code = new Promise<number | null>((resolve) => child.once('exit', resolve));
    endAll = () => {
      child.kill('SIGTERM');
      return code;
    };
    if ((await code) !== 0) missed.push(seed);
    if (interrupted) await new Promise(() => {});
  }
  const met = seeds.length - missed.length;
  const words = missed.length > 0 ? `; missed by seed ${missed.join(', ')}` : '';
  say(`\nchaos: ${seeds.length} seeds of ${minutes} min, every bar met by ${met} of ${seeds.length}${words}`);
  return missed.length === 0;
}

try {
  const ok = seeds.length === 1 ? await runOne(seeds[0] as number) : await runAll();
  process.exit(ok ? 0 : 1);
} catch (error) {
  if (interrupted) await new Promise(() => {});
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  process.exit(1);
}
