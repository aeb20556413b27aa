import { parseArgs } from 'node:util';
import { runChaos } from '@/test/chaos/chaos';
import { report } from '@/test/chaos/report';
import type { Setting } from '@/test/chaos/setting';

/**
 * `npm run chaos -- [--minutes N] [--seed S]`: runs real processes under random faults. Exits with 1 when a target is
 * missed.
 */

const { values } = parseArgs({
  options: { minutes: { type: 'string' }, seed: { type: 'string' }, people: { type: 'string' } },
});
const minutes = Number(values.minutes ?? 30);
const seed = Number(values.seed ?? Date.now() % 1_000_000);
const people = Number(values.people ?? 6);
if (!(minutes > 0 && minutes <= 600) || !Number.isInteger(seed) || !(people >= 1 && people <= 50)) {
  process.stderr.write('--minutes is 0 to 600, --seed a whole number, --people 1 to 50.\n');
  process.exit(1);
}

const say = (line: string) => process.stdout.write(`${line}\n`);
let setting: Setting | undefined;
let interrupted = false;
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
  process.on(name, () => {
    if (interrupted) return;
    interrupted = true;
    say('Ending everything …');
    void (setting?.close() ?? Promise.resolve()).finally(() => process.exit(130));
  });

say(`Seed ${seed}, ${minutes} min of faults.`);
try {
  const result = await runChaos({ minutes, seed, people, say }, (opened) => {
    setting = opened;
  });
  process.exit(report(result) ? 0 : 1);
} catch (error) {
  if (interrupted) await new Promise(() => {});
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  process.exit(1);
}
