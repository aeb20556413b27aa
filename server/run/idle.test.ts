import { describe, expect, it } from 'vitest';
import type { OpenRun } from '../quota/account-state';
import { activityOf, awakeUntilOf, idleEndsAt, idleSecondsOf, needIdleSeconds } from './idle';

const MIN = 60_000;
const plan = {
  name: 'Starter',
  idleStop: { minSeconds: 900, maxSeconds: 14_400, defaultSeconds: 1_800 },
} as never as Parameters<typeof needIdleSeconds>[0];
const free = { ...plan, name: 'Free', idleStop: { minSeconds: 900, maxSeconds: 900, defaultSeconds: 900 } };
const run = (more: Partial<OpenRun> = {}) =>
  ({
    startedAt: 0,
    idleStopSeconds: 1_800,
    chosenIdleSeconds: null,
    awakeFrom: null,
    awakeUntil: null,
    lastInputAt: null,
    lastWorkAt: null,
    ...more,
  }) as OpenRun;
const at = (now: number, ofPlan = plan) => ({ plan: ofPlan, now });
const iso = (ms: number) => new Date(ms).toISOString();

describe('the idle stop', () => {
  it('SESSION-53 is what the session asks for, within the plan in force', () => {
    expect(idleSecondsOf(plan, null)).toBe(1_800);
    expect(idleSecondsOf(plan, 7_200)).toBe(7_200);
    expect(idleSecondsOf(free, 7_200)).toBe(900);
    expect(idleSecondsOf(plan, 60)).toBe(900);
    expect(() => needIdleSeconds(plan, 899)).toThrow('15 min to 4 h');
    expect(() => needIdleSeconds(free, 1_800)).toThrow('cannot be chosen');
    expect(needIdleSeconds(plan, 14_400)).toBeUndefined();
  });

  it('SESSION-54 counts from the last keystroke or work, whichever is later', () => {
    expect(idleEndsAt(at(0), run())).toBe(30 * MIN);
    expect(idleEndsAt(at(0), run({ lastInputAt: 5 * MIN }))).toBe(35 * MIN);
    expect(idleEndsAt(at(0), run({ lastInputAt: 5 * MIN, lastWorkAt: 9 * MIN }))).toBe(39 * MIN);
    expect(idleEndsAt(at(0), run({ startedAt: null }))).toBeNull();
    expect(idleEndsAt(at(0), run({ idleStopSeconds: null }))).toBeNull();
  });

  it('SESSION-55 comes after the longest time of the plan without a keystroke, whatever works', () => {
    const working = run({ lastInputAt: 5 * MIN, lastWorkAt: 240 * MIN });
    expect(idleEndsAt(at(240 * MIN), working)).toBe(245 * MIN);
    expect(idleEndsAt(at(20 * MIN, free), run({ lastInputAt: 5 * MIN, lastWorkAt: 19 * MIN }))).toBe(
      20 * MIN,
    );
  });

  it('SESSION-56 is put off while the session is kept awake, as long as the plan in force allows', () => {
    const kept = run({ awakeFrom: 10 * MIN, awakeUntil: 70 * MIN });
    expect(idleEndsAt(at(10 * MIN), kept)).toBe(70 * MIN);
    expect(awakeUntilOf(at(10 * MIN, free), kept)).toBe(25 * MIN);
    expect(idleEndsAt(at(10 * MIN, free), kept)).toBe(25 * MIN);
    expect(awakeUntilOf(at(70 * MIN), kept)).toBeNull();
    expect(idleEndsAt(at(11 * MIN), run({ ...kept, lastInputAt: 60 * MIN }))).toBe(90 * MIN);
  });

  it('SESSION-55 believes a machine about nothing in the future, nothing that goes back, and no work for too long', () => {
    const said = run({ lastInputAt: 10 * MIN, lastWorkAt: 11 * MIN });
    const ahead = activityOf(at(20 * MIN), said, { lastInputAt: iso(99 * MIN), lastWorkAt: iso(99 * MIN) });
    expect(ahead).toEqual({ lastInputAt: 20 * MIN, lastWorkAt: 20 * MIN });
    const behind = activityOf(at(30 * MIN), run(ahead), { lastInputAt: iso(MIN), lastWorkAt: null });
    expect(behind).toEqual(ahead);
    const long = activityOf(at(900 * MIN), run(behind), { lastWorkAt: iso(890 * MIN) });
    expect(long.lastWorkAt).toBe(260 * MIN);
  });
});
