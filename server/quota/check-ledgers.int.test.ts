import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { seedRuns } from '@/test/pretend/seed-runs';
import { asOwner, createAccount, createWorld, type World } from '@/test/world';
import { COMMANDS } from '../../operator/commands';
import { listAudit } from '../account/list-audit';
import { inTx } from '../context';
import { metrics } from '../metrics';
import { answerAgent } from '../run/answer-agent';
import { adjustUsage } from './adjust-usage';
import { CHECK_EVERY_MS, checkLedgers, reportLedgers } from './check-ledgers';
import { listDrift } from './list-drift';
import { verifyLedger } from './verify-ledger';

let world: World;
const statements: string[] = [];
beforeAll(async () => {
  world = await createWorld({
    startAt: Date.parse('2026-11-24T12:00:00Z'),
    onStatement: (text) => statements.push(text),
  });
});
afterAll(() => world.close());

async function withEntries(): Promise<string> {
  const accountId = await createAccount(world, { planId: 'pro' });
  for (const ms of [1_000, 2_000])
    await inTx(world.ctx, (tx) => adjustUsage(tx, { accountId, ms, reason: 'test' }));
  return accountId;
}

const spoilSum = (accountId: string) =>
  world.ctx.sql`update usage_day set ms = ms + 7 where account_id = ${accountId}`;

/** Makes every read of the runs of one account fail. */
const spoilReads = (accountId: string) =>
  asOwner(world.url, (owner) =>
    owner.unsafe(`
      create or replace function boom(id text) returns boolean language plpgsql as
        $$ begin if id = '${accountId}' then raise exception 'unreadable'; end if; return true; end $$;
      alter table run enable row level security;
      create policy boom on run using (boom(account_id));
      insert into session (id, account_id, name, agent, region, size, created_at) values ('s', '${accountId}', 's', 'bash', 'iad', 'standard', now());
      insert into run (id, account_id, session_id, status, region, admitted_at, metered_to, proof_at, lease_ms, lease_until,
        idle_stop_seconds, ended_at, end_reason)
      values ('r', '${accountId}', 's', 'stopped', 'iad', now(), now(), now(), 1, now(), 900, now(), 'user');`),
  );

const readNow = async () => (await world.ctx.sql<{ at: string }[]>`select hg_clock()::text as at`)[0]?.at;

const gauge = async (kind: string) =>
  (await metrics.ledgerProblems.get()).values.find(({ labels }) => labels.kind === kind)?.value;

/** Runs passes until every account has been verified. */
async function checkAll(): Promise<void> {
  for (let last = await checkLedgers(world.ctx, ''); last !== ''; )
    last = await checkLedgers(world.ctx, last);
  await reportLedgers(world.ctx);
}

describe('books are verified account by account', () => {
  it('QUOTA-61 each from a view of its own, and by no statement over all of them', async () => {
    await Promise.all([withEntries(), withEntries(), withEntries()]);
    statements.length = 0;
    const all = await verifyLedger(world.ctx, null);
    expect(all).toMatchObject({ accountCount: 3, entryCount: 6, problems: [], drift: [], failures: [] });
    expect(statements.filter((text) => /^begin isolation level repeatable read/.test(text))).toHaveLength(3);
    const reads = statements.filter((text) => /from usage_entry|from usage_period|from usage_day/.test(text));
    for (const text of reads) expect(text).toMatch(/account_id [=>] \$/);
  });

  it('QUOTA-62 the worker finds what is wrong once a day, and one account that fails keeps none of the others', async () => {
    const [wrong, unreadable, last] = [await withEntries(), await withEntries(), await withEntries()].sort();
    await spoilSum(wrong as string);
    await spoilSum(last as string);
    await spoilReads(unreadable as string);
    const failures = (await metrics.ledgerFailures.get()).values[0]?.value ?? 0;
    await checkAll();
    expect([await gauge('wrong'), await gauge('not_verified')]).toEqual([2, 1]);
    expect((await metrics.ledgerFailures.get()).values[0]?.value).toBe(failures + 1);
    const { failures: named, drift } = await verifyLedger(world.ctx, null);
    expect(named).toEqual([{ accountId: unreadable, message: expect.stringMatching(/unreadable/) }]);
    expect(drift.map(({ accountId }) => accountId)).toEqual([wrong, last]);
    expect((await COMMANDS['ledger verify']?.run(world.ctx, {}))?.exitCode).toBe(1);

    await asOwner(world.url, (owner) =>
      owner.unsafe('drop policy boom on run; alter table run disable row level security'),
    );
    expect((await listDrift(world.ctx)).map(({ accountId }) => accountId)).toEqual([wrong, last]);
    await world.ctx
      .sql`update usage_day set ms = ms - 7 where account_id in (${wrong as string}, ${last as string})`;
    expect(await listDrift(world.ctx)).toEqual([]);

    // The worker verifies once per day: no worker verifies again before.
    const verified = () => statements.filter((text) => /^begin isolation/.test(text)).length;
    const before = verified();
    await checkAll();
    expect(verified()).toBe(before);
    await world.advance(CHECK_EVERY_MS);
    await checkAll();
    expect(verified()).toBeGreaterThan(before);
    expect([await gauge('wrong'), await gauge('not_verified')]).toEqual([0, 0]);
  });
});

describe('reports', () => {
  it('QUOTA-63 that take seconds, however many, keep no renewal waiting', async () => {
    await asOwner(world.url, (owner) =>
      owner.unsafe(`
        alter table audit rename to audit_real;
        create view audit as select r.* from audit_real r right join (select pg_sleep(1)) s on true;
        grant select on audit to hourglass_app;`),
    );
    const endsAt = Date.parse((await readNow()) ?? '') + 600_000;
    const runs = await seedRuns(world.ctx, { prefix: 'beside', count: 20, endsAt, withinMs: 1_000 });
    const ctx = { ...world.ctx, sql: world.ctx.reports };
    const reports = Promise.allSettled(Array.from({ length: 30 }, () => listAudit(ctx, {})));
    const startedAt = performance.now();
    const answers = await Promise.all(
      runs.map(({ runId }) => answerAgent(world.ctx, runId, { bootId: 'b', seq: 0, event: 'renew' })),
    );
    const tookMs = performance.now() - startedAt;
    expect(answers.map(({ action }) => action)).toEqual(runs.map(() => 'run'));
    // All reports together take about 15 s, and each of them one second.
    expect(tookMs).toBeLessThan(5_000);
    await world.ctx.reports.end({ timeout: 0 });
    await reports;
  });
});
