import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createAccount, createWorld, type World } from '@/test/world';
import { inTx } from '../context';
import { DomainError } from '../errors';
import { findDrift } from '../quota/find-drift';
import { batchStatus } from '../session/batch-status';
import { createSession } from '../session/create';
import { type Admission, admitRun } from './admit';

let world: World;
beforeAll(async () => {
  world = await createWorld({ max: 20 });
});
afterAll(() => world.close());

const admit = (
  accountId: string,
  sessionId: string,
  idempotencyKey?: string,
): Promise<Admission | DomainError> =>
  inTx(world.ctx, (tx) => admitRun(tx, { accountId, sessionId, idempotencyKey })).catch((error) => {
    if (error instanceof DomainError) return error;
    throw error;
  });

const makeSessions = (accountId: string, count: number) =>
  Promise.all(
    Array.from({ length: count }, (_, i) => createSession(world.ctx, { accountId, name: `session ${i}` })),
  );

const admitted = (results: (Admission | DomainError)[]) =>
  results.filter((r) => !(r instanceof DomainError) && r.kind === 'admitted') as Extract<
    Admission,
    { kind: 'admitted' }
  >[];

const reasons = (results: (Admission | DomainError)[]) =>
  results.map((r) => (r instanceof DomainError ? r.reason : r.kind));

describe('admitRun', () => {
  it('SESSION-2 20 parallel starts for one slot admit exactly one', async () => {
    const accountId = await createAccount(world);
    const sessions = await makeSessions(accountId, 20);
    const results = await Promise.all(sessions.map((session) => admit(accountId, session.id)));
    expect(admitted(results)).toHaveLength(1);
    expect(reasons(results).filter((reason) => reason === 'SESSION_LIMIT_REACHED')).toHaveLength(19);
  });

  it('SESSION-2 20 parallel starts of one session make one run', async () => {
    const accountId = await createAccount(world, { planId: 'max' });
    const [session] = await makeSessions(accountId, 1);
    const results = await Promise.all(Array.from({ length: 20 }, () => admit(accountId, session?.id ?? '')));
    expect(admitted(results)).toHaveLength(1);
    expect(reasons(results).filter((reason) => reason === 'unchanged')).toHaveLength(19);
  });

  it('QUOTA-3 three slots and 60 s left never reserve more than 60 s', async () => {
    const accountId = await createAccount(world, { planId: 'max', leftMs: 60_000 });
    const sessions = await makeSessions(accountId, 3);
    const results = await Promise.all(sessions.map((session) => admit(accountId, session.id)));
    const reserved = admitted(results).reduce((sum, run) => sum + run.leaseMs, 0);
    expect(admitted(results).length).toBeGreaterThan(0);
    expect(reserved).toBeLessThanOrEqual(60_000);
  });

  it('QUOTA-1 a refusal carries the figures and leaves nothing behind', async () => {
    const accountId = await createAccount(world, { leftMs: 59_999 });
    const [session] = await makeSessions(accountId, 1);
    const refused = await admit(accountId, session?.id ?? '');
    expect(refused).toBeInstanceOf(DomainError);
    const { reason, details } = refused as DomainError;
    expect(reason).toBe('QUOTA_EXCEEDED');
    expect(details.quota?.remainingSeconds).toBe(59.999);
    expect(details.upgrade?.plans.map((plan) => plan.id)).toEqual(['starter', 'pro', 'max', 'custom']);
    const [{ count } = { count: -1 }] = await world.ctx.sql<{ count: number }[]>`
      select count(*) from run where account_id = ${accountId}`;
    expect(count).toBe(0);
  });

  it('QUOTA-10 the status says the same as the start', async () => {
    const accountId = await createAccount(world, { leftMs: 0 });
    const status = await batchStatus(world.ctx, accountId);
    expect(status.start).toEqual({ allowed: false, reason: 'QUOTA_EXCEEDED' });
    expect(status.quota).toMatchObject({ level: 'exhausted', percent: 100, remainingSeconds: 0 });
  });

  it('SESSION-4 a repeated key starts once; with another session it is refused', async () => {
    const accountId = await createAccount(world, { planId: 'max' });
    const [one, two] = await makeSessions(accountId, 2);
    const results = await Promise.all(
      Array.from({ length: 5 }, () => admit(accountId, one?.id ?? '', 'key-1')),
    );
    expect(admitted(results)).toHaveLength(1);
    expect(reasons([await admit(accountId, two?.id ?? '', 'key-1')])).toEqual(['IDEMPOTENCY_MISMATCH']);
  });

  it('SESSION-11 another account cannot start it', async () => {
    const owner = await createAccount(world);
    const other = await createAccount(world);
    const [session] = await makeSessions(owner, 1);
    expect(reasons([await admit(other, session?.id ?? '')])).toEqual(['NOT_FOUND']);
  });

  it('QUOTA-2 PostgreSQL itself refuses a hold past the quota, and a run without a lease', async () => {
    const accountId = await createAccount(world, { leftMs: 1_000 });
    const over = world.ctx
      .sql`update usage_period set held_ms = held_ms + 2000 where account_id = ${accountId}`;
    await expect(over).rejects.toThrow(/usage_period_within_quota/);
    const [session] = await makeSessions(accountId, 1);
    const leaseless = world.ctx.sql`
      insert into run (id, account_id, session_id, status, region, admitted_at, metered_to, proof_at, lease_ms, lease_until, due_at)
      values ('x', ${accountId}, ${session?.id ?? ''}, 'running', 'iad', hg_clock(), hg_clock(), hg_clock(), 1, hg_clock(), hg_clock())`;
    await expect(leaseless).rejects.toThrow(/run_needs_lease/);
  });

  it('QUOTA-16 after all this every sum agrees with the ledger', async () => {
    expect(await findDrift(world.ctx.sql)).toEqual([]);
  });
});
