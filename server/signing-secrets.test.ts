import { describe, expect, it } from 'vitest';
import { grantOf } from '@/machine/terminal/replay-state';
import { TEST_ENV } from '@/test/world';
import { marksOfText } from './billing/person-marks';
import { parseEnv } from './env';
import { readRefusalToken, refusalToken } from './mail/refuse-mail';
import { connectTokenOf, readConnectToken, readRunToken, replayStateOf, runTokenOf } from './run/tokens';

const OLD = 'old-secret-old-secret-old-secret-old';
const NEW = 'new-secret-new-secret-new-secret-new';
const BOTH = `${NEW}, ${OLD}`;
const runId = '01a22437-9e6f-744f-8cd4-0038205df895';
const claim = { sessionId: 's', accountId: 'a', runId, grant: 'key_1', expiresAt: 2_000 } as const;

describe('while the secret is changed', () => {
  it('ACCOUNT-55 signatures of the old one stay valid, and the new one signs', () => {
    for (const secret of [OLD, NEW]) {
      expect(readRunToken(BOTH, runTokenOf(secret, runId))).toBe(runId);
      expect(readConnectToken(BOTH, connectTokenOf(secret, claim), 1_000)).toEqual(claim);
      expect(readRefusalToken(BOTH, refusalToken(secret, 'u'))).toBe('u');
    }
    expect(runTokenOf(BOTH, runId)).toBe(runTokenOf(NEW, runId));
    expect(readConnectToken(NEW, connectTokenOf(BOTH, claim), 1_000)).toEqual(claim);
    expect(readRefusalToken(NEW, refusalToken(BOTH, 'u'))).toBe('u');
  });

  it('ACCOUNT-55 machines from before and after are reachable', () => {
    const state = replayStateOf(BOTH, claim, 2_000);
    for (const secret of [OLD, NEW]) expect(grantOf(state, runTokenOf(secret, runId), 1_000)).toBe('key_1');
    expect(grantOf(state, runTokenOf('x'.repeat(32), runId), 1_000)).toBeNull();
    expect(grantOf(replayStateOf(OLD, claim, 2_000), runTokenOf(NEW, runId), 1_000)).toBeNull();
  });

  it('ACCOUNT-55 marks made with the old one are found', () => {
    const under = (secret: string) =>
      marksOfText({ env: parseEnv({ ...TEST_ENV, AUTH_SECRET: secret }) }, 'address:a@b.test');
    expect(under(BOTH)).toEqual([...under(NEW), ...under(OLD)]);
  });

  it('ACCOUNT-55 only signatures of either are valid', () => {
    const other = 'other-secret-other-secret-other-se';
    expect(readRunToken(BOTH, runTokenOf(other, runId))).toBeNull();
    expect(readConnectToken(BOTH, connectTokenOf(other, claim), 1_000)).toBeNull();
    expect(readRefusalToken(BOTH, refusalToken(other, 'u'))).toBeNull();
  });

  it('ACCOUNT-55 each has the minimum length', () => {
    expect(() => parseEnv({ ...TEST_ENV, AUTH_SECRET: `${NEW},short` })).toThrow(/AUTH_SECRET: must have/);
    expect(() => parseEnv({ ...TEST_ENV, AUTH_SECRET: `${NEW},` })).toThrow(/AUTH_SECRET: must have/);
  });
});
