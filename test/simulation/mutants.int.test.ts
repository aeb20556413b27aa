import { afterEach, describe, expect, it, vi } from 'vitest';
import type { TxCtx } from '@/server/context';
import type { AccountState, OpenRun } from '@/server/quota/account-state';
import type { Segment } from '@/server/quota/lease';
import type { Move } from '@/server/quota/move-sums';
import type { Payer } from '@/server/quota/paid-quota';
import { monthOf } from '@/server/quota/period';
import { createWorld } from '@/test/world';
import { History } from './history';
import { loadRules } from './rules';

/** Wrong rules, one at a time: a simulation that lets one of them pass proves nothing. */

type Mutant = {
  wrong: string;
  /** Only histories at the edge of a month can show it: the others are left out. */
  atEdge?: true;
  module: string;
  break: (right: Record<string, never>) => Record<string, unknown>;
};
type Fn = (...args: never[]) => unknown;
const right = (module: Record<string, never>, name: string) => module[name] as unknown as Fn;

const MUTANTS: Mutant[] = [
  {
    wrong: 'an expired lease is released instead of charged',
    module: '@/server/quota/book',
    break: (m) => ({
      charge: async (tx: TxCtx, state: AccountState, runId: string, segments: Segment[]) => {
        const expired = segments.at(-1) !== undefined && (segments.at(-1) as Segment).to <= state.now;
        if (expired) await right(m, 'release')(...([tx, state, segments] as never[]));
        else await right(m, 'charge')(...([tx, state, runId, segments] as never[]));
      },
    }),
  },
  {
    wrong: 'the session limit is not asked',
    module: '@/server/quota/decide-start',
    break: (m) => ({
      decideStart: (state: AccountState, rules: never) =>
        right(
          m,
          'decideStart',
        )(...([{ ...state, plan: { ...state.plan, maxSessions: 99 } }, rules] as never[])),
    }),
  },
  {
    wrong: 'a slice is granted without being held',
    module: '@/server/quota/book',
    break: () => ({ hold: async () => {} }),
  },
  {
    wrong: 'a later proof moves the start again',
    module: '@/server/run/prove-start',
    break: (m) => ({
      proveStart: async (tx: TxCtx, state: AccountState, run: OpenRun, at: number) => {
        if (run.startedAt !== null && at > run.startedAt) return;
        run.startedAt = null;
        await right(m, 'proveStart')(...([tx, state, run, state.now] as never[]));
      },
    }),
  },
  {
    wrong: 'the end is taken from the time it is heard of',
    module: '@/server/machine/read-events',
    break: (m) => ({
      endedAt: (machine: never) => {
        const at = right(m, 'endedAt')(machine) as number | null;
        return at === null ? null : at + 1_500;
      },
    }),
  },
  {
    wrong: 'a month end does not cut a lease',
    atEdge: true,
    module: '@/server/quota/period',
    break: () => ({ cutAtMonths: (from: number, to: number) => [{ from, to }] }),
  },
  {
    wrong: 'a plan that is paid for gives its whole month',
    module: '@/server/quota/paid-quota',
    break: (m) => ({
      monthSeconds: (payer: Payer, month: string) => {
        const { subscription } = payer;
        const whole = subscription && { ...subscription, bought: null };
        return right(m, 'monthSeconds')(...([{ ...payer, subscription: whole }, month] as never[]));
      },
    }),
  },
  {
    wrong: 'what works is never idle, however long nobody types',
    module: '@/server/run/idle',
    break: (m) => ({
      idleEndsAt: (state: AccountState, run: OpenRun) =>
        run.lastWorkAt === null ? right(m, 'idleEndsAt')(...([state, run] as never[])) : null,
    }),
  },
  {
    wrong: 'a renewal grants what is not there',
    atEdge: true,
    module: '@/server/quota/grant',
    break: () => ({
      extension: (_: AccountState, run: OpenRun) => [
        { from: run.leaseUntil, to: run.leaseUntil + 60_000, period: '2026-11' },
      ],
    }),
  },
  {
    wrong: 'a month that was not read is taken for one without a row',
    atEdge: true,
    module: '@/server/quota/move-sums',
    break: (m) => ({
      moveSums: async (tx: TxCtx, state: AccountState, moves: Map<string, Move>) => {
        const first = Math.min(state.now, ...state.openRuns.map((run) => run.proofAt));
        for (const [period, { usedMs, heldMs }] of moves) {
          if (period >= monthOf(first)) continue;
          await tx.sql`
            insert into usage_period (account_id, period, quota_ms, used_ms, held_ms)
            values (${state.accountId}, ${period}, null, ${usedMs}, ${heldMs})`;
        }
        await right(m, 'moveSums')(...([tx, state, moves] as never[]));
      },
    }),
  },
  {
    wrong: 'an end may lie ahead of now',
    module: '@/server/run/times',
    break: (m) => ({
      endOf: (run: never, seenAt: never) =>
        right(m, 'endOf')(...([run, seenAt, Number.POSITIVE_INFINITY] as never[])),
    }),
  },
  {
    wrong: 'a last word is always the end',
    module: '@/server/run/times',
    break: () => ({
      endOf: (run: OpenRun, seenAt: number | null, now: number) =>
        Math.min(Math.max(seenAt ?? 0, run.proofAt), now),
    }),
  },
];

const MOST_SEEDS = 60;

afterEach(() => {
  vi.doUnmock('@/server/quota/book');
  vi.resetModules();
});

describe('the simulation catches', () => {
  it.each(MUTANTS)('QUOTA-2 $wrong', { timeout: 180_000 }, async (mutant) => {
    vi.resetModules();
    vi.doMock(mutant.module, async (original) => {
      const module = (await original()) as Record<string, never>;
      return { ...module, ...mutant.break(module) };
    });
    const world = await createWorld({
      env: { LEASE_MAX_SECONDS: '120', MIN_START_SECONDS: '20', BOOT_TIMEOUT_SECONDS: '60' },
      startAt: Date.parse('2026-11-10T10:00:00Z'),
    });
    // The wrong rule is there before anybody asks for it: modules that load side by side may get the right one.
    await import(mutant.module);
    const rules = await loadRules();
    let caughtBy: number | null = null;
    for (let seed = 1; seed <= MOST_SEEDS && caughtBy === null; seed += mutant.atEdge ? 4 : 1) {
      const problems = await new History(world, rules, seed).run().then(
        (result) => result.problems,
        (error) => [String(error)],
      );
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
