import type { Sql, TxSql } from '@/db/client';
import type { Ctx, TxCtx } from '../context';
import { DomainError } from '../errors';
import { marksOfText, personMarks } from './person-marks';

/** Returns the marks of an account's owners, and of the account itself. */
async function marksOf(ctx: Pick<Ctx, 'env'>, sql: Sql | TxSql, accountId: string) {
  const persons = await personMarks(ctx, sql, accountId);
  return { persons, all: [...marksOfText(ctx, `account:${accountId}`), ...persons].sort() };
}

/** Returns whether an owner of this account had a trial, in this account or another. */
export async function hadTrial(ctx: Ctx, accountId: string): Promise<boolean> {
  const { all: marks } = await marksOf(ctx, ctx.sql, accountId);
  const found = await ctx.sql`select 1 from trial_mark where hash = any(${marks}) limit 1`;
  return found.length > 0;
}

/** Runs a change of an account's owners, and carries marks of a used trial over to its owners afterwards. */
export async function carryTrial(
  tx: TxCtx,
  accountIds: string[],
  change: () => Promise<unknown>,
): Promise<void> {
  const before = await Promise.all(accountIds.map((id) => marksOf(tx, tx.sql, id)));
  await change();
  for (const [index, accountId] of accountIds.entries()) {
    const { all: after } = await marksOf(tx, tx.sql, accountId);
    await tx.sql`
      insert into trial_mark (hash) select hash from unnest(${after}::text[]) as hash
      where exists (select 1 from trial_mark where hash = any(${before[index]?.all ?? []}))
      on conflict do nothing`;
  }
}

/**
 * Marks the persons behind an account. Returns false when one of them was marked before; the caller rolls back. Throws
 * EMAIL_UNCONFIRMED while none of them is known with certainty.
 */
export async function markTrial(tx: TxCtx, accountId: string): Promise<boolean> {
  const { persons, all: marks } = await marksOf(tx, tx.sql, accountId);
  // With the account's own mark alone, each invented address would get a trial.
  if (persons.length === 0)
    throw new DomainError('EMAIL_UNCONFIRMED', 'Confirm your email address first, then start the trial.');
  const made = await tx.sql`
    insert into trial_mark (hash) select hash from unnest(${marks}::text[]) as hash
    on conflict do nothing returning hash`;
  return made.length === marks.length;
}
