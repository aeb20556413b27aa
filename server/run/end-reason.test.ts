import { describe, expect, it } from 'vitest';
import type { OpenRun } from '../quota/account-state';
import type { EndReason } from '../shapes';
import { whyAgentEnds, whyEnded } from './end-reason';

const SEC = 1_000;
const env = { LEASE_GUARD_SECONDS: 5 };
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
    expect(whyEnded(env, run('idle'), 302 * SEC)).toBe('idle');
    expect(whyEnded(env, run('idle'), null)).toBe('idle');
    // A provider's clock may be a little behind ours.
    expect(whyEnded(env, run('idle'), 299.1 * SEC)).toBe('idle');
  });

  it('SESSION-80 is not what was concluded after its machine had died', () => {
    for (const reason of ['idle', 'plan', 'boot_timeout', 'limit', 'quota'] as const)
      expect(whyEnded(env, run(reason), 290 * SEC)).toBe('machine_exit');
    const late = { stopRequestedAt: 601 * SEC };
    expect(whyEnded(env, run('limit', late), 594 * SEC)).toBe('limit');
    expect(whyEnded(env, run('idle', { ...late, final: true }), 594 * SEC)).toBe('quota');
  });

  it('SESSION-80 stays what a person asked for', () => {
    for (const reason of ['user', 'deleted', 'blocked', 'provider'] as const)
      expect(whyEnded(env, run(reason), 290 * SEC)).toBe(reason);
    expect(whyEnded(env, run('boot_timeout', { startedAt: null }), 290 * SEC)).toBe('boot_timeout');
  });

  it('SESSION-8 is the end of its lease near its guard, and its machine before', () => {
    expect(whyEnded(env, run(null), 594 * SEC)).toBe('limit');
    expect(whyEnded(env, run(null, { final: true }), 594 * SEC)).toBe('quota');
    expect(whyEnded(env, run(null), 500 * SEC)).toBe('machine_exit');
    expect(whyEnded(env, run(null, { startedAt: null }), 500 * SEC)).toBe('provider');
    expect(whyAgentEnds(env, run(null), 591 * SEC)).toBe('limit');
    expect(whyAgentEnds(env, run(null), 500 * SEC)).toBe('machine_exit');
  });
});
