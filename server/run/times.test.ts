import { describe, expect, it } from 'vitest';
import type { AccountState, OpenRun } from '../quota/account-state';
import type { Plan } from '../shapes';
import {
  bootEndsAt,
  FIRST_LOOK_MS,
  isParked,
  killAt,
  LAUNCH_LIMIT_MS,
  launchEndsAt,
  missingProvenAt,
  nextCheckAt,
  nextStop,
  PARKED_AFTER,
  provenEnd,
  stopDueAt,
} from './times';

const SEC = 1_000;
const env = { LEASE_GUARD_SECONDS: 5, STOP_GRACE_SECONDS: 10, BOOT_TIMEOUT_SECONDS: 180 };

describe('the times of a run', () => {
  it('SESSION-5 a start is on its way for 30 s; until then nobody concludes that its machine is missing', () => {
    expect(LAUNCH_LIMIT_MS).toBe(30 * SEC);
    expect(launchEndsAt({ admitted_at: 100 * SEC })).toBe(130 * SEC);
    expect(missingProvenAt({ machine_id: 'm' }, 50 * SEC)).toBe(51.5 * SEC);
    expect(missingProvenAt({ machine_id: null }, 50 * SEC)).toBe(55 * SEC);
  });

  it('SESSION-10 a boot is given up after the boot timeout', () => {
    expect(bootEndsAt(env, 100 * SEC)).toBe(280 * SEC);
  });

  it('SESSION-6 a stop is polite for its grace, and never past the lease', () => {
    const run = { stop_requested_at: 100 * SEC, started_at: 0, lease_until: 500 * SEC, now: 103 * SEC };
    expect(killAt(env, run)).toBe(110 * SEC);
    expect(killAt(env, { ...run, lease_until: 104 * SEC })).toBe(104 * SEC);
    expect(killAt(env, { ...run, lease_until: 104 * SEC, started_at: null })).toBe(110 * SEC);
    expect(killAt(env, { ...run, stop_requested_at: null })).toBe(113 * SEC);
  });
});

describe('the next look at a run', () => {
  const run = {
    status: 'running' as const,
    attempts: 1,
    stop_requested_at: null,
    started_at: 0,
    machine_id: 'm' as string | null,
    admitted_at: 100 * SEC,
    lease_until: 500 * SEC,
    now: 100 * SEC,
  };
  const stopping = { ...run, status: 'stopping' as const, stop_requested_at: 100 * SEC };

  it('SESSION-7 is a guard before the lease ends while it runs, and every second while it boots', () => {
    expect(stopDueAt(env, 500 * SEC)).toBe(495 * SEC);
    expect(nextCheckAt(env, run)).toBe(495 * SEC);
    expect(nextCheckAt(env, { ...run, status: 'starting' })).toBe(101 * SEC);
  });

  it('MACHINE-98 is at 2, 5, 10 s and then every 5 s while nobody knows which machine it has, and never after its lease', () => {
    const looks = [FIRST_LOOK_MS];
    for (let attempts = 1; attempts < 7; attempts++) {
      const now = 100 * SEC + (looks.at(-1) ?? 0);
      const unknown = { ...run, machine_id: null, attempts, now };
      const next = nextCheckAt(env, { ...unknown, status: 'starting' });
      expect(nextCheckAt(env, unknown)).toBe(next);
      looks.push(next - 100 * SEC);
    }
    expect(looks).toEqual([2, 5, 10, 15, 20, 25, 30].map((s) => s * SEC));
    expect(nextCheckAt(env, { ...run, machine_id: null, now: 494 * SEC })).toBe(495 * SEC);
    const over = { ...run, machine_id: null, status: 'starting' as const, now: 131 * SEC };
    expect(nextCheckAt(env, over)).toBe(132 * SEC);
  });

  it('SESSION-6 comes sooner and then later for a machine that will not die, and when its polite time is over', () => {
    const pauses = [1, 2, 3, 4, 9].map(
      (attempts) => nextCheckAt(env, { ...stopping, attempts }) - stopping.now,
    );
    expect(pauses).toEqual([250, 500, 1_000, 1_000, 1_000]);
    expect(nextCheckAt(env, { ...stopping, attempts: 4, now: 109.5 * SEC })).toBe(110 * SEC);
    expect(nextCheckAt(env, { ...stopping, attempts: 9, now: 170 * SEC })).toBe(180 * SEC);
  });

  it('SESSION-6 comes every five minutes once its machine is parked', () => {
    const parked = { ...stopping, attempts: PARKED_AFTER, now: 900 * SEC };
    expect(isParked({ status: 'running', attempts: PARKED_AFTER })).toBe(false);
    expect(isParked(parked)).toBe(true);
    expect(nextCheckAt(env, parked)).toBe(1_200 * SEC);
  });
});

describe('the end of a run that is proven dead', () => {
  const run = { startedAt: 10 * SEC, proofAt: 100 * SEC };

  it('QUOTA-5 is what the provider saw, also a little before the last word was taken', () => {
    expect(provenEnd(run, 130 * SEC, 200 * SEC)).toBe(130 * SEC);
    expect(provenEnd(run, 80 * SEC, 200 * SEC)).toBe(80 * SEC);
  });

  it('QUOTA-5 is the last word where the provider saw nothing, or long before it', () => {
    expect(provenEnd(run, null, 200 * SEC)).toBe(100 * SEC);
    expect(provenEnd(run, 79 * SEC, 200 * SEC)).toBe(100 * SEC);
  });

  it('QUOTA-5 is never before the start nor ahead of now', () => {
    expect(provenEnd({ startedAt: 90 * SEC, proofAt: 95 * SEC }, 80 * SEC, 200 * SEC)).toBe(90 * SEC);
    expect(provenEnd(run, 300 * SEC, 200 * SEC)).toBe(200 * SEC);
  });
});

describe('the stop that is shown', () => {
  const now = Date.parse('2026-11-24T12:00:00Z');
  const plan = (monthlySeconds: number | null): Plan => ({
    id: 'p',
    name: 'p',
    description: '',
    monthlySeconds,
    onceSeconds: null,
    maxSessions: 1,
    idleStop: { minSeconds: 60, maxSeconds: 900, defaultSeconds: 900 },
    storageGb: 1,
    sort: 10,
    visible: true,
  });
  const open = {
    id: 'r',
    status: 'running',
    admittedAt: now,
    startedAt: now,
    leaseUntil: now + 60 * SEC,
    final: false,
    idleStopSeconds: null,
    chosenIdleSeconds: null,
    awakeFrom: null,
    awakeUntil: null,
    lastInputAt: null,
    lastWorkAt: null,
    endReason: null,
    segments: [],
  } as Partial<OpenRun> as OpenRun;
  const stateOf = (run: OpenRun, seconds: number | null, maxSessions = 1) =>
    ({
      now,
      plan: { ...plan(seconds), maxSessions },
      ownPlanId: 'p',
      plans: [{ ...plan(seconds), maxSessions }],
      packs: [],
      extraUsedMs: 0,
      subscription: null,
      periods: new Map(),
      openRuns: [run],
    }) as Partial<AccountState> as AccountState;

  it('SESSION-57 is the earliest of quota and idle stop, and nothing without a limit', () => {
    expect(nextStop(stateOf(open, null), open)).toBeNull();
    expect(nextStop(stateOf(open, 300), open)).toEqual({ at: now + 300 * SEC, cause: 'quota' });
    const idle = { ...open, idleStopSeconds: 900, chosenIdleSeconds: 120 };
    expect(nextStop(stateOf(idle, 300), idle)).toEqual({ at: now + 120 * SEC, cause: 'idle' });
  });

  it('SESSION-57 is the end of a final lease, and at once where the plan no longer covers the session', () => {
    const last = { ...open, final: true };
    expect(nextStop(stateOf(last, 3_600), last)).toEqual({ at: last.leaseUntil, cause: 'quota' });
    expect(nextStop(stateOf(open, 3_600, 0), open)).toEqual({ at: now, cause: 'plan' });
  });

  it('SESSION-57 keeps the reason of a stop that takes effect, and is unknown before the start', () => {
    const stopping = { ...open, status: 'stopping' as const, endReason: 'deleted' as const };
    expect(nextStop(stateOf(stopping, 300), stopping)).toEqual({ at: stopping.leaseUntil, cause: 'user' });
    const booting = { ...open, status: 'starting' as const, startedAt: null };
    expect(nextStop(stateOf(booting, 300), booting)).toBeNull();
  });
});
