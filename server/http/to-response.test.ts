import { describe, expect, it, vi } from 'vitest';
import { DomainError, notFound, TooLarge } from '../errors';
import type { Log } from '../log';
import { toResponse, toTrpcResponse } from './to-response';

const logged = () => {
  const error = vi.fn();
  return { error, log: { error } as unknown as Log };
};

describe('the response of an error', () => {
  it('QUOTA-44 has the status of its reason: 404, 413, 429 with Retry-After, 503 while PostgreSQL is away', async () => {
    const { log, error } = logged();
    const answers = [
      notFound('run'),
      new TooLarge('Too large.'),
      new DomainError('RATE_LIMITED', 'Too often.', { retryAfterSeconds: 1.2 }),
      Object.assign(new Error('the database system is shutting down'), { code: '57P03' }),
    ].map((cause) => toResponse(cause, log));
    expect(answers.map(({ status }) => status)).toEqual([404, 413, 429, 503]);
    const bodies = await Promise.all(answers.map((response) => response.json()));
    expect(bodies.map((body) => body.error.reason)).toEqual([
      'NOT_FOUND',
      'INVALID_INPUT',
      'RATE_LIMITED',
      'QUOTA_UNAVAILABLE',
    ]);
    expect(answers[2]?.headers.get('retry-after')).toBe('2');
    expect(error).toHaveBeenCalledTimes(1);
  });

  it('ACCOUNT-14 of a defect reveals none of its text, and the defect is logged', async () => {
    const { log, error } = logged();
    const response = toResponse(new Error('secret text'), log, { runId: 'r' });
    expect(response.status).toBe(500);
    expect(await response.text()).not.toContain('secret');
    expect(error).toHaveBeenCalledWith(expect.objectContaining({ runId: 'r' }), expect.any(String));
  });

  it('QUOTA-12 raised before any procedure runs has the envelope of tRPC', async () => {
    const refusal = new DomainError('FORBIDDEN', 'Not from there.');
    const response = toTrpcResponse(refusal);
    expect([response.status, await response.json()]).toEqual([
      403,
      {
        error: {
          message: 'Not from there.',
          code: -32003,
          data: { code: 'FORBIDDEN', httpStatus: 403, reason: 'FORBIDDEN' },
        },
      },
    ]);
  });
});
