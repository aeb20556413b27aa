import { afterEach, describe, expect, it, vi } from 'vitest';
import type { TxCtx } from '@/server/context';
import type { AccountState, OpenRun } from '@/server/quota/account-state';
import type { Segment } from '@/server/quota/lease';
import type { Move } from '@/server/quota/move-sums';
import type { Payer } from '@/server/quota/paid-quota';
import { monthOf } from '@/server/quota/period';
import { NO_MOVE } from '@/server/run/moves/move';
import { createWorld } from '@/test/world';
import { History } from './history';
import { addMisses } from './misses';
import { loadRules } from './rules';

/** Replaces one rule at a time by a wrong one: the simulation must catch each, or it proves nothing. */

type Mutant = {
  wrong: string;
  /** Only histories at a month boundary can show the defect; others are skipped. */
  atEdge?: true;
  /** Only histories in which an update hits no row can show the defect. */
  misses?: true;
  module: string;
  break: (right: Record<string, never>) => Record<string, unknown>;
};
type Fn = (...args: never[]) => unknown;
const right = (module: Record<string, never>, name: string) => module[name] as unknown as Fn;

/** Returns a rule that returns an instant, changed to return null while `which` holds. */
const neverWhile = (rule: string, m: Record<string, never>, which: (run: OpenRun) => boolean) => ({
  [rule]: (state: AccountState, run: OpenRun) =>
    which(run) ? null : right(m, rule)(...([state, run] as never[])),
});

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
    module: '@/server/run/moves/prove-start',
    break: (m) => ({
      proveStart: (env: never, state: AccountState, run: OpenRun, at: number) =>
        run.startedAt !== null && at > run.startedAt
          ? NO_MOVE
          : right(m, 'proveStart')(...([env, state, { ...run, startedAt: null }, state.now] as never[])),
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
      ...neverWhile('idleEndsAt', m, (run) => run.lastWorkAt !== null),
      ...neverWhile('idleStopDueAt', m, (run) => run.lastWorkAt !== null),
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
    wrong: 'time is given back to the month in which its proof is heard',
    atEdge: true,
    module: '@/server/quota/book',
    break: (m) => ({
      credit: (tx: TxCtx, state: AccountState, runId: string, segments: Segment[]) => {
        const moved = segments.map((segment) => ({ ...segment, period: monthOf(state.now) }));
        return right(m, 'credit')(...([tx, state, runId, moved] as never[]));
      },
    }),
  },
  {
    wrong: 'an end may lie ahead of now',
    module: '@/server/run/times',
    break: (m) => ({
      provenEnd: (run: never, seenAt: never) =>
        right(m, 'provenEnd')(...([run, seenAt, Number.POSITIVE_INFINITY] as never[])),
    }),
  },
  {
    wrong: 'a last word is always the end',
    module: '@/server/run/times',
    break: () => ({
      provenEnd: (run: OpenRun, seenAt: number | null, now: number) =>
        Math.min(Math.max(seenAt ?? 0, run.proofAt), now),
    }),
  },
  {
    wrong: 'a decision is kept whose update hit no row',
    misses: true,
    module: '@/server/run/need-hit',
    break: () => ({ needHit: () => {} }),
  },
  {
    wrong: 'a machine that will not die is asked politely for ever',
    module: '@/server/run/times',
    break: () => ({ killAt: () => Number.MAX_SAFE_INTEGER }),
  },
  {
    wrong: 'what was concluded is why a run ended, also where its machine had died before',
    module: '@/server/run/end-reason',
    break: (m) => ({
      whyEnded: (env: never, state: never, run: OpenRun, endAt: never) =>
        run.endReason ?? right(m, 'whyEnded')(...([env, state, run, endAt] as never[])),
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
    if (mutant.misses) await addMisses(world);
    // The wrong rule is loaded first, because modules loaded in parallel may get the right one.
    await import(mutant.module);
    const rules = await loadRules();
    let caughtBy: number | null = null;
    for (let seed = 1; seed <= MOST_SEEDS && caughtBy === null; seed += mutant.atEdge ? 4 : 1) {
      const problems = await new History(world, rules, seed, mutant.misses).run().then(
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
