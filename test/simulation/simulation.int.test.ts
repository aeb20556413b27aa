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
  () => playAll(SEEDS),
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
      const seeds = Array.from({ length: WITH_MISSES }, (_, n) => FIRST + n);
      say(WITH_MISSES, await play(world, seeds, true));
    }),
);

/** Runs `work` in a world per lane and attempt: rows that a failed history left would fail the next. */
async function inWorld(work: (world: World) => Promise<void>): Promise<void> {
  const world = await createWorld({ env: SIM_ENV, startAt: Date.parse('2026-11-10T10:00:00Z') });
  try {
    await work(world);
  } finally {
    await world.close();
  }
}

/** Number of databases. Histories mostly wait for PostgreSQL, so two keep one process busy. */
const LANES = 2;

/** Plays all histories in parallel lanes; each lane plays one after the other on its own database. */
async function playAll(histories: number): Promise<void> {
  const lanes = Array.from({ length: Math.min(LANES, histories) }, (_, lane) =>
    Array.from({ length: histories }, (_, n) => FIRST + n).filter((_, n) => n % LANES === lane),
  );
  const sums = await Promise.all(lanes.map((seeds) => inWorldOf(seeds)));
  say(histories, addUp(sums));
}

const inWorldOf = async (seeds: number[]): Promise<Sums> => {
  let sums: Sums = { runs: 0, aliveMs: 0 };
  await inWorld(async (world) => {
    sums = await play(world, seeds);
  });
  return sums;
};

type Sums = { runs: number; aliveMs: number };
const addUp = (all: Sums[]): Sums => ({
  runs: all.reduce((sum, { runs }) => sum + runs, 0),
  aliveMs: all.reduce((sum, { aliveMs }) => sum + aliveMs, 0),
});

async function play(world: World, seeds: number[], misses = false): Promise<Sums> {
  const rules = await loadRules();
  const played: Sums[] = [];
  for (const seed of seeds) {
    const result = await new History(world, rules, seed, misses).run();
    expect(result.problems, `seed ${seed}: SIM_FIRST=${seed} SIM_SEEDS=1 repeats it`).toEqual([]);
    played.push(result);
  }
  expect(await rules.findDrift(world.ctx.sql), 'of all histories').toEqual([]);
  return addUp(played);
}

function say(histories: number, { runs, aliveMs }: Sums): void {
  process.stdout.write(
    `simulation: ${histories} histories, ${runs} machines, ${Math.round(aliveMs / 1000)} machine seconds\n`,
  );
  expect(runs).toBeGreaterThan(histories);
}
