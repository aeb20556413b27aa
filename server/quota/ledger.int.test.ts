import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chainLedgers } from '@/db/chain-ledgers';
import type { Sql } from '@/db/client';
import { asOwner, createAccount, createWorld, type World } from '@/test/world';
import { COMMANDS } from '../../operator/commands';
import { writeAudit } from '../audit';
import { inTx } from '../context';
import { adjustUsage } from './adjust-usage';
import { exportLedger } from './export-ledger';
import { verifyLedger } from './verify-ledger';

let world: World;
beforeAll(async () => {
  world = await createWorld({ startAt: Date.parse('2026-11-24T12:00:00.123Z') });
});
afterAll(() => world.close());

const ENTRIES = 5;

/** Returns an account with five entries that contain every kind of text. */
async function ledgerOf(): Promise<string> {
  const accountId = await createAccount(world, { planId: 'pro' });
  for (const reason of ['plain', '', 'two\nlines, "quoted"', 'ünïcode ✓ \u0001', '=sum'])
    await inTx(world.ctx, (tx) => adjustUsage(tx, { accountId, ms: 1_000 + reason.length, reason }));
  return accountId;
}

const verify = (accountId: string) => verifyLedger(world.ctx, accountId);

describe('the ledger of the product', () => {
  it('QUOTA-19 can be added to and read, and neither changed, emptied nor its heads touched', async () => {
    await ledgerOf();
    await inTx(world.ctx, (tx) =>
      writeAudit(tx, {
        actor: 'operator',
        action: 't',
        accountId: null,
        before: 1,
        after: 2,
        reason: 'test',
      }),
    );
    for (const table of ['usage_entry', 'audit', 'ledger_head'])
      for (const statement of [
        `update ${table} set account_id = 'x'`,
        `delete from ${table}`,
        `truncate ${table}`,
      ])
        await expect(world.ctx.sql.unsafe(statement), statement).rejects.toThrow(/permission denied/);
    await expect(world.ctx.sql`insert into ledger_head values ('x', 1, '')`).rejects.toThrow(
      /permission denied/,
    );
    await expect(world.ctx.sql.unsafe('alter table usage_entry disable trigger all')).rejects.toThrow(
      /owner/,
    );
    await expect(world.ctx.sql.unsafe('create table mine (id int)')).rejects.toThrow(/permission denied/);
  });

  it('QUOTA-19 not even its owner changes or empties it by accident', async () => {
    await ledgerOf();
    for (const table of ['usage_entry', 'audit'])
      for (const statement of [
        `update ${table} set account_id = 'x'`,
        `delete from ${table}`,
        `truncate ${table}`,
      ])
        await expect(
          asOwner(world.url, (owner) => owner.unsafe(statement)),
          statement,
        ).rejects.toThrow(/append-only/);
  });

  it("QUOTA-19 every other table is the product's to work with, also one made later", async () => {
    await asOwner(world.url, (owner) => owner`create table made_later (id int)`);
    await world.ctx.sql`insert into made_later values (1)`;
    await world.ctx.sql`update made_later set id = 2`;
    expect(await world.ctx.sql`delete from made_later returning id`).toEqual([{ id: 2 }]);
    const refused = await world.ctx.sql`
      select relname as name from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r'
        and not has_table_privilege('hourglass_app', oid, 'select,insert,update,delete') order by 1`;
    const lessThanAll = await world.ctx.sql<{ name: string }[]>`
      select relname as name from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r'
        and not (has_table_privilege('hourglass_app', oid, 'insert') and has_table_privilege('hourglass_app', oid, 'update')
          and has_table_privilege('hourglass_app', oid, 'delete')) order by 1`;
    expect(refused).toEqual([]);
    expect(lessThanAll.map(({ name }) => name)).toEqual(['audit', 'ledger_head', 'usage_entry']);
  });
});

describe('the chain', () => {
  it('QUOTA-20 numbers and hashes every entry, whatever its writer says', async () => {
    const accountId = await ledgerOf();
    await world.ctx.sql`
      insert into usage_entry (account_id, run_id, kind, period, day, from_at, to_at, ms, seq, prev_hash, hash)
      values (${accountId}, 'r', 'run', '2026-11', '2026-11-24', hg_clock() - interval '7 ms', hg_clock(), 7, 99, 'x', 'y')`;
    await world.ctx.sql`update usage_day set ms = ms + 7 where account_id = ${accountId}`;
    await world.ctx.sql`update usage_period set used_ms = used_ms + 7 where account_id = ${accountId}`;
    const lines = await exportLedger(world.ctx, accountId);
    expect(lines.map((line) => line.seq)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(lines.map((line) => line.prevHash)).toEqual([
      '0'.repeat(64),
      ...lines.slice(0, -1).map((line) => line.hash),
    ]);
    expect(await verify(accountId)).toEqual({
      accountCount: 1,
      entryCount: 6,
      problems: [],
      drift: [],
      failures: [],
    });
  });

  it('QUOTA-20 stays one chain under parallel writers', async () => {
    const accountId = await createAccount(world, { planId: 'max' });
    await Promise.all(
      Array.from({ length: 24 }, (_, i) =>
        inTx(world.ctx, (tx) => adjustUsage(tx, { accountId, ms: i + 1, reason: 'parallel' })),
      ),
    );
    expect(await verify(accountId)).toEqual({
      accountCount: 1,
      entryCount: 24,
      problems: [],
      drift: [],
      failures: [],
    });
  });

  it('QUOTA-20 takes up entries from before there were chains, first when the account goes on, then all', async () => {
    const goesOn = await ledgerOf();
    const rests = await ledgerOf();
    await asOwner(world.url, async (owner) => {
      await owner`alter table usage_entry drop constraint usage_entry_chained`;
      await owner`alter table usage_entry disable trigger usage_entry_append_only`;
      await owner`update usage_entry set seq = null, prev_hash = null, hash = null where account_id in (${goesOn}, ${rests})`;
      await owner`delete from ledger_head where account_id in (${goesOn}, ${rests})`;
      await owner`alter table usage_entry enable trigger usage_entry_append_only`;
      await owner`
        alter table usage_entry add constraint usage_entry_chained check (num_nulls(seq, prev_hash, hash) = 0) not valid`;
    });
    await inTx(world.ctx, (tx) => adjustUsage(tx, { accountId: goesOn, ms: 1, reason: 'later' }));
    expect(await verify(goesOn)).toMatchObject({ entryCount: ENTRIES + 1, problems: [], drift: [] });
    expect((await verify(rests)).problems).not.toEqual([]);
    await asOwner(world.url, (owner) => chainLedgers(owner as never));
    expect(await verify(rests)).toMatchObject({ entryCount: ENTRIES, problems: [], drift: [], failures: [] });
    const [constraint] = await world.ctx
      .sql`select convalidated from pg_constraint where conname = 'usage_entry_chained'`;
    expect(constraint).toEqual({ convalidated: true });
  });
});

type Tampering = {
  how: string;
  kind: string;
  seq: number;
  act: (sql: Sql, accountId: string) => Promise<unknown>;
};

const rehash = (sql: Sql, accountId: string, from: number) => sql`
  update usage_entry e set hash = hg_entry_hash(e) where account_id = ${accountId} and seq = ${from}`;

const TAMPERINGS: Tampering[] = [
  {
    how: 'a changed time',
    kind: 'changed',
    seq: 3,
    act: (sql, a) => sql`update usage_entry set ms = ms - 1 where account_id = ${a} and seq = 3`,
  },
  {
    how: 'a changed reason',
    kind: 'changed',
    seq: 2,
    act: (sql, a) => sql`update usage_entry set reason = null where account_id = ${a} and seq = 2`,
  },
  {
    how: 'a changed instant',
    kind: 'changed',
    seq: 1,
    act: (sql, a) => sql`update usage_entry set created_at = 'infinity' where account_id = ${a} and seq = 1`,
  },
  {
    how: 'a change hashed anew',
    kind: 'replaced',
    seq: 4,
    act: async (sql, a) => {
      await sql`update usage_entry set ms = ms - 1 where account_id = ${a} and seq = 3`;
      await rehash(sql, a, 3);
    },
  },
  {
    how: 'everything after a change hashed anew',
    kind: 'head',
    seq: 5,
    act: async (sql, a) => {
      await sql`update usage_entry set ms = ms - 1 where account_id = ${a} and seq = 4`;
      await rehash(sql, a, 4);
      await sql`
        update usage_entry e set prev_hash = (select p.hash from usage_entry p where p.account_id = ${a} and p.seq = 4)
        where account_id = ${a} and seq = 5`;
      await rehash(sql, a, 5);
    },
  },
  {
    how: 'a removed row',
    kind: 'missing',
    seq: 2,
    act: (sql, a) => sql`delete from usage_entry where account_id = ${a} and seq = 2`,
  },
  {
    how: 'the newest row removed',
    kind: 'missing',
    seq: 5,
    act: (sql, a) => sql`delete from usage_entry where account_id = ${a} and seq = 5`,
  },
  {
    how: 'every row removed',
    kind: 'missing',
    seq: 1,
    act: (sql, a) => sql`delete from usage_entry where account_id = ${a}`,
  },
  {
    how: 'a row put in between',
    kind: 'misplaced',
    seq: 3,
    act: (sql, a) => sql`
      insert into usage_entry (account_id, kind, period, day, ms, seq, prev_hash, hash)
      select account_id, kind, period, day, ms, 3, prev_hash, hash from usage_entry where account_id = ${a} and seq = 3`,
  },
  {
    how: 'a row put at the end',
    kind: 'head',
    seq: 6,
    act: async (sql, a) => {
      await sql`
        insert into usage_entry (account_id, kind, period, day, ms, seq, prev_hash, hash)
        select account_id, kind, period, day, 5, 6, hash, '' from usage_entry where account_id = ${a} and seq = 5`;
      await rehash(sql, a, 6);
    },
  },
  {
    how: 'two rows that changed places',
    kind: 'misplaced',
    seq: 3,
    act: async (sql, a) => {
      await sql`update usage_entry set seq = 7 - seq where account_id = ${a} and seq in (3, 4)`;
    },
  },
  {
    how: 'the head removed',
    kind: 'head',
    seq: 5,
    act: (sql, a) => sql`delete from ledger_head where account_id = ${a}`,
  },
  {
    how: 'the head set back',
    kind: 'head',
    seq: 5,
    act: (sql, a) => sql`update ledger_head set seq = 4 where account_id = ${a}`,
  },
];

describe('a superuser who tampers', () => {
  it.each(TAMPERINGS)('QUOTA-21 is found by $how', async ({ kind, seq, act }) => {
    const accountId = await ledgerOf();
    await asOwner(world.url, async (owner) => {
      await owner`set session_replication_role = replica`;
      await act(owner, accountId);
    });
    const { problems } = await verify(accountId);
    expect(problems).toContainEqual(expect.objectContaining({ kind, accountId, seq }));
  });

  it('QUOTA-21 is found with the triggers switched off, and the command names account and entry', async () => {
    const accountId = await ledgerOf();
    await asOwner(world.url, async (owner) => {
      await owner`alter table usage_entry disable trigger all`;
      await owner`update usage_entry set ms = 1 where account_id = ${accountId} and seq = 2`;
      await owner`alter table usage_entry enable trigger all`;
    });
    const outcome = await COMMANDS['ledger verify']?.run(world.ctx, { account: accountId });
    expect(outcome?.exitCode).toBe(1);
    expect(outcome?.text?.[0]).toMatch(
      new RegExp(`account ${accountId}: Entry 2 \\(row \\d+\\) was changed`),
    );
    expect(outcome?.text?.join()).toMatch(/the sum used 2026-11 holds/);
  });

  it('QUOTA-21 does not hide who did not tamper, and the whole ledger is walked in one pass', async () => {
    const accountId = await ledgerOf();
    const outcome = await COMMANDS['ledger verify']?.run(world.ctx, { account: accountId });
    expect(outcome).toMatchObject({ exitCode: 0, result: { entryCount: ENTRIES, problems: [], drift: [] } });
    const all = await verifyLedger(world.ctx, null);
    expect(all.accountCount).toBeGreaterThan(TAMPERINGS.length);
    expect(all.problems.filter((problem) => problem.accountId === accountId)).toEqual([]);
    expect(new Set(all.problems.map((problem) => problem.accountId)).size).toBe(TAMPERINGS.length + 1);
  });
});
