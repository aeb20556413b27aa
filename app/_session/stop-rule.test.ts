import { describe, expect, it } from 'vitest';
import type { Session } from '@/server/shapes';
import { keepAwakeChoices } from './idle-choices';
import { stopRule } from './stop-rule';

const at = (minutes: number) => new Date(Date.UTC(2026, 10, 29, 10, minutes)).toISOString();
const session = (more: Partial<Session>): Session =>
  ({
    status: 'running',
    startedAt: at(0),
    stopsAt: at(15),
    stopCause: 'idle',
    idleStopSeconds: 900,
    lastActiveAt: null,
    lastWorkAt: null,
    keepAwakeUntil: null,
    ...more,
  }) as Session;

describe('the rule that will stop a session', () => {
  it.each<[string, Partial<Session>]>([
    ['idle for 15 min', {}],
    ['idle for 15 min', { lastActiveAt: at(5), lastWorkAt: at(9), stopsAt: at(24) }],
    ['1 h without a keystroke', { lastWorkAt: at(59), stopsAt: at(60) }],
    ['1 h without a keystroke', { lastActiveAt: at(10), lastWorkAt: at(69), stopsAt: at(70) }],
    ['kept awake until then', { keepAwakeUntil: at(15) }],
    ['quota', { stopCause: 'quota' }],
    ['plan', { stopCause: 'plan' }],
  ])('SESSION-150 is said in words: %s', (words, more) => expect(stopRule(session(more))).toBe(words));

  it('SESSION-150 is nothing where nothing will stop it', () => {
    expect(stopRule(session({ stopsAt: null, stopCause: null }))).toBeNull();
  });
});

it('SESSION-151 what may be chosen ends with the longest the plan allows', () => {
  expect(keepAwakeChoices(900)).toEqual([900]);
  expect(keepAwakeChoices(14_400)).toEqual([3_600, 7_200, 14_400]);
  expect(keepAwakeChoices(10_000)).toEqual([3_600, 7_200, 10_000]);
  expect(keepAwakeChoices(undefined)).toEqual([3_600]);
});
