import { describe, expect, it } from 'vitest';
import type { AccountState, OpenRun } from '../quota/account-state';
import type { EndReason } from '../shapes';
import { whyAgentEnds, whyEnded, whyVanished } from './end-reason';

const SEC = 1_000;
const env = { LEASE_GUARD_SECONDS: 5, LEASE_MIN_SECONDS: 10 };
/** Returns an account that can still be granted `leftMs`. */
const leaving = (leftMs: number, now = 0) =>
  ({
    now,
    plan: { monthlySeconds: 3_600, onceSeconds: null },
    ownPlanId: 'free',
    subscription: null,
    plans: [{ id: 'free', monthlySeconds: 3_600, onceSeconds: null }],
    periods: new Map([
      ['1970-01', { quotaMs: 3_600 * SEC, forgivenMs: 0, usedMs: 3_600 * SEC - leftMs, heldMs: 0 }],
    ]),
  }) as unknown as AccountState;
const plenty = leaving(600 * SEC);
const nothing = leaving(0);
const run = (endReason: EndReason | null, more: Partial<OpenRun> = {}) =>
  ({
    startedAt: 0,
    leaseUntil: 600 * SEC,
    final: false,
    endReason,
    stopRequestedAt: endReason ? 300 * SEC : null,
    ...more,
  }) as OpenRun;

describe('why a run ended', () => {
  it('SESSION-8 is what was asked for while its machine was alive', () => {
    expect(whyEnded(env, plenty, run('idle'), 302 * SEC)).toBe('idle');
    expect(whyEnded(env, plenty, run('idle'), null)).toBe('idle');
    // The provider's clock may be slightly behind.
    expect(whyEnded(env, plenty, run('idle'), 299.1 * SEC)).toBe('idle');
  });

  it('SESSION-80 is not what was concluded after its machine had died', () => {
    for (const reason of ['idle', 'plan', 'boot_timeout', 'limit', 'quota'] as const)
      expect(whyEnded(env, plenty, run(reason), 290 * SEC)).toBe('machine_exit');
    const late = { stopRequestedAt: 601 * SEC };
    expect(whyEnded(env, plenty, run('limit', late), 594 * SEC)).toBe('limit');
    expect(whyEnded(env, nothing, run('idle', late), 594 * SEC)).toBe('quota');
  });

  it('SESSION-80 stays what a person asked for', () => {
    for (const reason of ['user', 'deleted', 'blocked', 'provider'] as const)
      expect(whyEnded(env, plenty, run(reason), 290 * SEC)).toBe(reason);
    expect(whyEnded(env, plenty, run('boot_timeout', { startedAt: null }), 290 * SEC)).toBe('boot_timeout');
  });

  it('SESSION-8 is the end of its lease near its guard, and its machine before', () => {
    expect(whyEnded(env, plenty, run(null), 594 * SEC)).toBe('limit');
    expect(whyEnded(env, nothing, run(null), 594 * SEC)).toBe('quota');
    expect(whyEnded(env, plenty, run(null), 500 * SEC)).toBe('machine_exit');
    expect(whyEnded(env, plenty, run(null, { startedAt: null }), 500 * SEC)).toBe('provider');
    expect(whyAgentEnds(env, leaving(600 * SEC, 591 * SEC), run(null))).toBe('limit');
    expect(whyAgentEnds(env, leaving(600 * SEC, 500 * SEC), run(null))).toBe('machine_exit');
  });

  it('SESSION-90 is the quota when less than a smallest slice is left, whoever took the last of it', () => {
    const last = run(null, { final: false });
    expect(whyEnded(env, leaving(9_999), last, 594 * SEC)).toBe('quota');
    expect(whyEnded(env, leaving(10_000), last, 594 * SEC)).toBe('limit');
    expect(whyAgentEnds(env, leaving(0, 591 * SEC), last)).toBe('quota');
    // A final lease ran out although more time was available by then: the agent did not ask.
    expect(whyEnded(env, plenty, run(null, { final: true }), 594 * SEC)).toBe('limit');
  });

  it('SESSION-91 is the provider when the machine is gone without a trace, unless it spoke shortly before', () => {
    const spoke = (proofAt: number, reason: EndReason) => whyVanished(run(reason, { proofAt }));
    for (const guess of ['limit', 'quota'] as const) {
      expect(spoke(200 * SEC, guess)).toBe('provider');
      expect(spoke(295 * SEC, guess)).toBe(guess);
    }
    for (const asked of ['user', 'deleted', 'blocked', 'idle', 'machine_exit'] as const)
      expect(spoke(200 * SEC, asked)).toBe(asked);
    expect(whyVanished(run('boot_timeout', { startedAt: null, proofAt: 0 }))).toBe('boot_timeout');
    expect(whyVanished(run(null))).toBe('provider');
  });
});
