import { writeAudit } from '../../audit';
import { toIso } from '../../clock';
import type { TxCtx } from '../../context';
import { newId } from '../../ids';
import { queueMail } from '../../mail/queue-mail';
import { packEndsAt, packKey, packName, packQuotaMs } from '../../quota/packs';
import type { PackFacts } from './read-money';

type Known = { id: string; refunded: number; disputed: boolean };

/**
 * Writes an account's packs from a read of the provider: new ones, and refunds. A pack absent from the read stays,
 * because its payment may belong to another customer of the account. `alignQuota` then updates the sums. Requires the
 * account lock. Idempotent.
 */
export async function applyPacks(tx: TxCtx, accountId: string, facts: PackFacts[]): Promise<void> {
  const warned = await readWarned(tx, accountId);
  for (const read of facts) {
    // The provider marks the charge of a dispute, and not that of a fraud warning.
    const fact = { ...read, disputed: read.disputed || warned.has(read.paymentId) };
    const [known] = await tx.sql<(Known & { account_id: string })[]>`
      select id, account_id, refunded, disputed from pack where stripe_payment_id = ${fact.paymentId}`;
    if (!known) await addPack(tx, accountId, fact);
    else if (known.account_id === accountId && isNews(known, fact))
      await changePack(tx, accountId, known, fact);
  }
}

/** The payments that were reported as fraud, until an operator lifts it. */
async function readWarned({ sql }: TxCtx, accountId: string): Promise<Set<string>> {
  const rows = await sql<{ id: string }[]>`
    select payment_intent_id as id from payment_hold where account_id = ${accountId} and kind = 'fraud_warning'
      and lifted_at is null and payment_intent_id is not null`;
  return new Set(rows.map(({ id }) => id));
}

const isNews = (known: Known, { refunded, disputed }: PackFacts): boolean =>
  known.refunded !== refunded || known.disputed !== disputed;

async function addPack(tx: TxCtx, accountId: string, fact: PackFacts): Promise<void> {
  const id = newId();
  const quotaMs = packQuotaMs(fact);
  const endsAt = packEndsAt(fact.boughtAt);
  await tx.sql`
    insert into pack (id, account_id, pack_id, stripe_payment_id, seconds, amount, refunded, currency, disputed, bought_at,
      ends_at, quota_ms)
    values (${id}, ${accountId}, ${fact.packId}, ${fact.paymentId}, ${fact.seconds}, ${fact.amount}, ${fact.refunded},
      ${fact.currency}, ${fact.disputed}, ${fact.boughtAt}, ${endsAt}, ${quotaMs})`;
  await tx.sql`
    insert into usage_period (account_id, period, quota_ms) values (${accountId}, ${packKey(id)}, ${quotaMs})`;
  await audit(tx, accountId, null, fact);
  if (quotaMs === 0) return;
  await queueMail(tx, {
    accountId,
    kind: 'pack.bought',
    cause: `pack:${fact.paymentId}`,
    facts: { name: packName(fact), amount: fact.amount, currency: fact.currency, endsAt: toIso(endsAt) },
  });
}

async function changePack(tx: TxCtx, accountId: string, known: Known, fact: PackFacts): Promise<void> {
  await tx.sql`
    update pack set refunded = ${fact.refunded}, disputed = ${fact.disputed}, quota_ms = ${packQuotaMs(fact)}
    where id = ${known.id}`;
  await audit(tx, accountId, known, fact);
  // Time that comes back, because a warning was lifted, is no reduction.
  if (known.disputed && !fact.disputed && known.refunded === fact.refunded) return;
  await queueMail(tx, {
    accountId,
    kind: 'pack.reduced',
    cause: `pack:${fact.paymentId}:${fact.disputed ? 'disputed' : fact.refunded}`,
    facts: {
      name: packName(fact),
      refunded: fact.refunded,
      currency: fact.currency,
      disputed: fact.disputed,
      isOver: packQuotaMs(fact) === 0,
    },
  });
}

const audit = (tx: TxCtx, accountId: string, before: Known | null, fact: PackFacts) =>
  writeAudit(tx, {
    actor: 'stripe',
    action: 'billing.pack',
    accountId,
    before: before && { refunded: before.refunded, disputed: before.disputed },
    after: {
      packId: fact.packId,
      payment: fact.paymentId,
      amount: fact.amount,
      currency: fact.currency,
      refunded: fact.refunded,
      disputed: fact.disputed,
    },
    reason: 'the payment provider says so',
  });
