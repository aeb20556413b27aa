import { afterEach, describe, expect, it, vi } from 'vitest';
import type { AccountState } from '@/server/quota/account-state';
import type { Pocket } from '@/server/quota/pockets';
import { createWorld } from '@/test/world';
import { History } from './history';
import { loadRules } from './rules';

/** Replaces one rule of packs at a time by a wrong one: the histories must catch each. */

type Fn = (...args: never[]) => unknown;
type Mutant = {
  wrong: string;
  module: string;
  break: (right: Record<string, Fn>) => Record<string, unknown>;
};

const MUTANTS: Mutant[] = [
  {
    wrong: 'a pack is used past its end',
    module: '@/server/quota/pockets',
    break: (m) => ({
      pocketsAt: (state: AccountState, at: number) =>
        (m.pocketsAt?.(...([state, at] as never[])) as Pocket[]).map(({ period }) => ({
          period,
          until: Number.POSITIVE_INFINITY,
        })),
    }),
  },
  {
    wrong: 'money that goes back leaves the time of the pack',
    module: '@/server/quota/packs',
    break: () => ({ packQuotaMs: ({ seconds }: { seconds: number }) => seconds * 1000 }),
  },
  {
    wrong: 'time of a pack is charged to the month',
    module: '@/server/quota/lease',
    break: (m) => ({
      toUsage: (segments: never) =>
        (m.toUsage?.(segments) as { period: string; day: string }[]).map((piece) => ({
          ...piece,
          period: piece.period.startsWith('pack:') ? piece.day.slice(0, 7) : piece.period,
        })),
    }),
  },
];

const MOST_SEEDS = 40;

afterEach(() => vi.resetModules());

describe('the simulation catches', () => {
  it.each(MUTANTS)('QUOTA-72 $wrong', { timeout: 180_000 }, async (mutant) => {
    vi.resetModules();
    vi.doMock(mutant.module, async (original) => {
      const module = (await original()) as Record<string, Fn>;
      return { ...module, ...mutant.break(module) };
    });
    const world = await createWorld({
      env: { LEASE_MAX_SECONDS: '120', MIN_START_SECONDS: '20', BOOT_TIMEOUT_SECONDS: '60' },
      startAt: Date.parse('2026-11-10T10:00:00Z'),
    });
    await import(mutant.module);
    const rules = await loadRules();
    let caughtBy: number | null = null;
    // Accounts buy packs in two of four histories.
    for (let seed = 2; seed <= MOST_SEEDS && caughtBy === null; seed += seed % 4 === 2 ? 1 : 3) {
      const { problems } = await new History(world, rules, seed)
        .run()
        .catch((error) => ({ problems: [String(error)] }));
      if (problems.length > 0) {
        caughtBy = seed;
        process.stdout.write(`mutant: ${mutant.wrong}: history ${seed}: ${problems[0]}\n`);
      }
    }
    await world.close();
    vi.doUnmock(mutant.module);
    expect(caughtBy, `not caught within ${MOST_SEEDS} histories`).not.toBeNull();
  });
});
