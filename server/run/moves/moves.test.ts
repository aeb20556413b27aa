import { describe, expect, it } from 'vitest';
import { parseEnv } from '@/server/env';
import { type AccountState, availableMs, type OpenRun } from '@/server/quota/account-state';
import { lengthOf } from '@/server/quota/lease';
import type { Plan } from '@/server/shapes';
import { TEST_ENV } from '@/test/world';
import { admitStart } from './admit';
import { endRun } from './end';
import { expireLease } from './expire';
import { hearCall } from './hear-call';
import { afterMove, inTurn, type Move, NO_MOVE } from './move';
import { proveStart } from './prove-start';
import { renewLease } from './renew';
import { requestStop } from './request-stop';
import { showMachine } from './show-machine';

const SEC = 1_000;
const MONTH = '2026-11';
const now = Date.parse('2026-11-10T12:00:00Z');
const env = parseEnv({
  ...TEST_ENV,
  LEASE_MAX_SECONDS: '120',
  LEASE_GUARD_SECONDS: '5',
  LEASE_MIN_SECONDS: '20',
});
const plan: Plan = {
  id: 'p',
  name: 'p',
  description: '',
  monthlySeconds: 600,
  onceSeconds: null,
  maxSessions: 2,
  idleStop: { minSeconds: 60, maxSeconds: 900, defaultSeconds: 900 },
  storageGb: 1,
  sort: 10,
  visible: true,
};

/** Returns a running run with a lease of two minutes that began `fromAgo` ago, and a state that holds it. */
function scene(fromAgo: number, more: Partial<OpenRun> = {}, usedMs = 0) {
  const from = now - fromAgo;
  const run: OpenRun = {
    id: 'r',
    sessionId: 's',
    status: 'running',
    machineId: 'm',
    admittedAt: from,
    startedAt: from,
    meteredTo: from,
    proofAt: from,
    leaseMs: 120 * SEC,
    leaseUntil: from + 120 * SEC,
    final: false,
    idleStopSeconds: 900,
    chosenIdleSeconds: null,
    awakeFrom: null,
    awakeUntil: null,
    lastInputAt: null,
    lastWorkAt: null,
    agentBootId: null,
    agentSeq: null,
    stopRequestedAt: null,
    endReason: null,
    usedMs: 0,
    segments: [{ from, to: from + 120 * SEC, period: MONTH }],
    ...more,
  };
  const state: AccountState = {
    accountId: 'a',
    status: 'active',
    isConfirmed: true,
    now,
    clockBehindMs: 0,
    grantingFrom: 0,
    plan,
    ownPlanId: 'p',
    subscription: null,
    plans: [plan],
    prices: new Map(),
    currency: null,
    packPrices: new Map(),
    packs: [],
    extraUsedMs: 0,
    periods: new Map([
      [MONTH, { quotaMs: 600 * SEC, forgivenMs: 0, usedMs, heldMs: lengthOf(run.segments) }],
    ]),
    openRuns: [run],
  };
  return { state, run };
}

const sums = (state: AccountState) => state.periods.get(MONTH);
const booked = (move: Move) =>
  move.books.flatMap((one) => (one.kind === 'align' ? [] : [[one.kind, lengthOf(one.segments)]]));

describe('a transition', () => {
  it('SESSION-81 decides on what the one before it has changed, and changes nothing itself', () => {
    const at = scene(40 * SEC, { status: 'starting', startedAt: null });
    const [before, runBefore] = [structuredClone(at.state), structuredClone(at.run)];
    const move = inTurn(
      at,
      (state, run) => hearCall(state, run, { bootId: 'b', seq: 3, metrics: { cpuPercent: 1 } }),
      (state, run) => proveStart(env, state, run, state.now),
      (state, run) => renewLease(env, state, run),
    );
    expect(move.run).toMatchObject({
      status: 'running',
      startedAt: now,
      meteredTo: now,
      agentSeq: 3,
    });
    expect(booked(move)).toEqual([
      ['release', 120_000],
      ['hold', 120_000],
    ]);
    expect([at.state, at.run]).toEqual([before, runBefore]);
    expect(afterMove(at, move).run).toMatchObject({ status: 'running', leaseUntil: now + 120 * SEC });
  });

  it('QUOTA-2 that admits a start holds a fair slice, aligned with the plan in force first', () => {
    const { state } = scene(0);
    const made = admitStart(
      env,
      { ...state, openRuns: [] },
      { id: 's', region: 'iad', idle_stop_seconds: 60 },
      {
        id: 'new',
        key: null,
      },
    );
    expect(made.books.map(({ kind }) => kind)).toEqual(['align', 'hold']);
    expect(made.row).toMatchObject({
      status: 'starting',
      lease_ms: lengthOf(made.segments),
      lease_until: now + lengthOf(made.segments),
      idle_stop_seconds: 60,
      due_at: now + 2 * SEC,
    });
  });

  it('QUOTA-4 that proves a start moves the slice there, once', () => {
    const at = scene(40 * SEC, { status: 'starting', startedAt: null });
    const move = proveStart(env, at.state, at.run, now - 30 * SEC);
    const after = afterMove(at, move);
    expect(after.run).toMatchObject({ startedAt: now - 30 * SEC, leaseUntil: now + 90 * SEC, final: false });
    expect(move.run.dueAt).toBe(now + 85 * SEC);
    expect(sums(after.state)).toEqual(sums(at.state));
    expect(proveStart(env, after.state, after.run, now)).toBe(NO_MOVE);
    expect(proveStart(env, at.state, at.run, now - 99 * SEC).run.startedAt).toBe(now - 40 * SEC);
  });

  it('SESSION-10 that proves a start after the boot was given up changes nothing', () => {
    const given = { endReason: 'boot_timeout', stopRequestedAt: now - 10 * SEC, status: 'stopping' } as const;
    const at = scene(40 * SEC, { ...given, startedAt: null });
    expect(proveStart(env, at.state, at.run, now - 10 * SEC)).toBe(NO_MOVE);
    expect(proveStart(env, at.state, at.run, now - 11 * SEC).run).toMatchObject({
      status: 'stopping',
      dueAt: 'now',
    });
  });

  it('QUOTA-2 that renews charges what has gone and grants what is there', () => {
    const at = scene(40 * SEC);
    const move = renewLease(env, at.state, at.run);
    expect(move.books[0]).toEqual({ kind: 'align' });
    expect(booked(move)).toEqual([
      ['charge', 40_000],
      ['hold', 40_000],
    ]);
    expect(move.run).toMatchObject({
      meteredTo: now,
      proofAt: now,
      usedMs: 40_000,
      leaseUntil: now + 120 * SEC,
    });
    expect(move.run.dueAt).toBe(now + 115 * SEC);
    const after = afterMove(at, move);
    expect(sums(after.state)).toMatchObject({ usedMs: 40_000, heldMs: 120_000 });
    expect(availableMs(after.state, MONTH)).toBe(440 * SEC);
  });

  it('QUOTA-2 that renews without anything left is final and shortens nothing', () => {
    const at = scene(70 * SEC, {}, 480 * SEC);
    const move = renewLease(env, at.state, at.run);
    expect(move.run).toMatchObject({ final: true, leaseUntil: at.run.leaseUntil });
    expect(lengthOf(move.segments ?? [])).toBe(50 * SEC);
  });

  it('QUOTA-64 that renews in vain charges nothing before a minute has gone, and proves life', () => {
    const at = scene(40 * SEC, {}, 480 * SEC);
    const move = renewLease(env, at.state, at.run);
    expect(booked(move)).toEqual([]);
    expect(move.run).toMatchObject({ final: true, proofAt: now });
    expect(move.segments).toBeUndefined();
    const after = afterMove(at, move);
    expect(sums(after.state)).toEqual(sums(at.state));
    expect(after.run).toMatchObject({ meteredTo: at.run.meteredTo, leaseUntil: at.run.leaseUntil });
  });

  it('SESSION-8 that asks for a stop keeps the first reason', () => {
    const at = scene(40 * SEC);
    const move = requestStop(at.state, at.run, 'user');
    expect(move.run).toEqual({
      status: 'stopping',
      endReason: 'user',
      stopRequestedAt: now,
      dueAt: 'now',
      attempts: 0,
    });
    expect(requestStop(at.state, at.run, 'idle', now + 5).run).toMatchObject({ dueAt: now + 5, attempts: 1 });
    const after = afterMove(at, move);
    expect(requestStop(after.state, after.run, 'idle')).toBe(NO_MOVE);
  });

  it('QUOTA-6 that expires a lease charges all of it, once, and not before its end', () => {
    const early = scene(119 * SEC);
    expect(expireLease(early.state, early.run)).toBe(NO_MOVE);
    const at = scene(120 * SEC);
    const move = expireLease(at.state, at.run);
    expect(booked(move)).toEqual([['charge', 120_000]]);
    const after = afterMove(at, move);
    expect(after.run).toMatchObject({ meteredTo: now, usedMs: 120_000, segments: [] });
    expect(expireLease(after.state, after.run)).toBe(NO_MOVE);
  });

  it('QUOTA-5 that ends a run charges up to its proof and releases the rest', () => {
    const at = scene(40 * SEC);
    const move = endRun(at.state, at.run, { endAt: now - 10 * SEC, reason: 'machine_exit' }, []);
    expect(booked(move)).toEqual([
      ['credit', 0],
      ['charge', 30_000],
      ['release', 90_000],
    ]);
    expect(move.run).toMatchObject({
      status: 'stopped',
      endedAt: now - 10 * SEC,
      meteredTo: now - 10 * SEC,
      usedMs: 30_000,
      overrunMs: 0,
      dueAt: null,
    });
    expect(sums(afterMove(at, move).state)).toMatchObject({ usedMs: 30_000, heldMs: 0 });
  });

  it('QUOTA-6 that ends a run gives back what was charged past its proof, and bills nothing past its lease', () => {
    const charged = { meteredTo: now - 20 * SEC, usedMs: 120 * SEC, segments: [], proofAt: now - 100 * SEC };
    const at = scene(140 * SEC, charged, 120 * SEC);
    const past = [{ from: now - 50 * SEC, to: now - 20 * SEC, period: MONTH }];
    const back = endRun(at.state, at.run, { endAt: now - 50 * SEC, reason: 'quota' }, past);
    expect(back.run).toMatchObject({ usedMs: 90_000, meteredTo: now - 50 * SEC, overrunMs: 0 });
    const over = endRun(at.state, at.run, { endAt: now - 5 * SEC, reason: 'quota' }, []);
    expect(over.run).toMatchObject({ usedMs: 120_000, meteredTo: now - 20 * SEC, overrunMs: 15_000 });
  });

  it('SESSION-5 that ends a run which never ran releases all of it; it failed unless it was stopped', () => {
    const at = scene(40 * SEC, { status: 'starting', startedAt: null });
    const failed = endRun(at.state, at.run, { endAt: null, reason: 'provider', failure: 'NO_CAPACITY' }, []);
    expect(failed.run).toMatchObject({ status: 'failed', usedMs: 0, endedAt: now, failure: 'NO_CAPACITY' });
    expect(sums(afterMove(at, failed).state)).toMatchObject({ usedMs: 0, heldMs: 0 });
    const stopped = { ...at.run, endReason: 'user' as const };
    expect(endRun(at.state, stopped, { endAt: null, reason: 'user' }, []).run.status).toBe('stopped');
  });

  it('SESSION-20 that sees a machine keeps the first one', () => {
    const at = scene(0);
    expect(showMachine({ ...at.run, machineId: null }, 'm1').run).toEqual({
      machineId: 'm1',
      missingSince: null,
    });
    expect(showMachine({ ...at.run, machineId: 'm0' }, 'm1').run.machineId).toBe('m0');
  });
});
