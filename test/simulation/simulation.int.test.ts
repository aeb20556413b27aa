import { expect, it } from 'vitest';
import { createWorld, type World } from '@/test/world';
import { History } from './history';
import { addMisses } from './misses';
import { loadRules } from './rules';

/** More on demand: SIM_SEEDS=5000 SIM_FIRST=1 npx vitest run test/simulation */
const SEEDS = Number(process.env.SIM_SEEDS ?? 200);
const FIRST = Number(process.env.SIM_FIRST ?? 1);

const SIM_ENV = {
  LEASE_MAX_SECONDS: '120',
  MIN_START_SECONDS: '20',
  BOOT_TIMEOUT_SECONDS: '60',
  LOG_LEVEL: 'silent',
};

it(
  `QUOTA-2 QUOTA-5 QUOTA-7 QUOTA-10 SESSION-13 ${SEEDS} random histories keep every promise`,
  {
    timeout: 3_600_000,
  },
  () => inWorld((world) => play(world, SEEDS)),
);

const WITH_MISSES = Math.min(SEEDS, 12);

it(
  `SESSION-81 ${WITH_MISSES} histories keep every promise in which updates of runs hit no row`,
  {
    timeout: 600_000,
  },
  () =>
    inWorld(async (world) => {
      await addMisses(world);
      await play(world, WITH_MISSES, true);
    }),
);

/** A world per try: what a failed one left behind would fail the next. */
async function inWorld(work: (world: World) => Promise<void>): Promise<void> {
  const world = await createWorld({ env: SIM_ENV, startAt: Date.parse('2026-11-10T10:00:00Z') });
  try {
    await work(world);
  } finally {
    await world.close();
  }
}

/** So many histories on one database, one after the other. */
async function play(world: World, histories: number, misses = false): Promise<void> {
  const rules = await loadRules();
  let runs = 0;
  let aliveMs = 0;
  for (let seed = FIRST; seed < FIRST + histories; seed++) {
    const result = await new History(world, rules, seed, misses).run();
    runs += result.runs;
    aliveMs += result.aliveMs;
    expect(result.problems, `seed ${seed}: SIM_FIRST=${seed} SIM_SEEDS=1 repeats it`).toEqual([]);
  }
  process.stdout.write(
    `simulation: ${histories} histories, ${runs} machines, ${Math.round(aliveMs / 1000)} machine seconds\n`,
  );
  expect(runs).toBeGreaterThan(histories);
}
