import type { Row } from '@/db/rows';
import type { billingCustomer } from '@/db/schema/billing';
import { type Instant, toIso } from '../../clock';
import { type Ctx, inTx, type TxCtx } from '../../context';
import { metrics } from '../../metrics';
import type { AccountState } from '../../quota/account-state';
import { alignQuota } from '../../quota/book';
import { lockAccount } from '../../quota/load-account';
import { wakeRuns } from '../../quota/wake-runs';
import { boughtTime } from '../bought-time';
import { applyPacks } from './apply-packs';
import { chooseSubscription, isKnownStatus, surplusOf } from './choose-subscription';
import { noteChange } from './note-change';
import type { CustomerFacts, SubscriptionFacts } from './read-stripe';
import { readStored, type StoredSubscription, writeStored } from './stored-subscription';

export type Outcome =
  | { kind: 'no_customer' }
  /** The provider does not know the account's customer, as after a change of its keys: the stored data stays. */
  | { kind: 'unknown_customer' }
  /** A later read was applied before this one, or the account has another customer by now. */
  | { kind: 'superseded' }
  | {
      kind: 'applied';
      planBefore: string;
      planAfter: string;
      living: SubscriptionFacts[];
      /** The subscription whose larger plan waited for the bank and is paid now. */
      confirmed: StoredSubscription | null;
    };

type Reading = {
  accountId: string;
  customer: string;
  ticket: number;
  facts: CustomerFacts;
  /** The provider's account and mode that was read. */
  stripeAccount: string;
  eventId?: string;
};

/**
 * Writes a read of the provider under the account lock, unless one with a later ticket was written before or the
 * account has another customer by now. The quota is updated in the same transaction. Returns the outcome.
 */
export async function applySubscription(ctx: Ctx, reading: Reading): Promise<Outcome> {
  return inTx(ctx, async (tx) => {
    const before = await lockAccount(tx, reading.accountId);
    if (reading.eventId) {
      await tx.sql`
        update stripe_event set processed_at = hg_clock(), error = null, account_id = ${reading.accountId}
        where id = ${reading.eventId}`;
    }
    const { taken, syncedAt } = await takeTicket(tx, reading);
    if (!taken) return { kind: 'superseded' as const };
    const stored = await readStored(tx.sql, reading.accountId);
    const next = await decideStored(tx, before, stored, reading.facts, syncedAt);
    await writeStored(tx, reading.accountId, next);
    await applyPacks(tx, reading.accountId, reading.facts.packs);
    const after = await lockAccount(tx, reading.accountId);
    await alignQuota(tx, after);
    await noteChange(tx, {
      before,
      after,
      stored,
      next,
      syncedAt,
      ticket: reading.ticket,
      card: reading.facts.card,
    });
    if (after.plan.maxSessions < before.plan.maxSessions) await wakeRuns(tx, reading.accountId);
    return {
      kind: 'applied' as const,
      planBefore: before.plan.id,
      planAfter: after.plan.id,
      living: reading.facts.subscriptions.filter((one) => !one.ended),
      confirmed: stored?.pendingUpdate?.priceId === next?.priceId && !next?.pendingUpdate ? next : null,
    };
  });
}

/** Returns whether this read may be applied, and when the previous one was. */
async function takeTicket(
  tx: TxCtx,
  { accountId, customer, ticket, facts, stripeAccount }: Reading,
): Promise<{ taken: boolean; syncedAt: Instant | null }> {
  const { card } = facts;
  const [before] = await tx.sql<Pick<Row<typeof billingCustomer>, 'synced_at'>[]>`
    select synced_at from billing_customer where account_id = ${accountId}`;
  const taken = await tx.sql`
    update billing_customer set ticket_applied = ${ticket}, synced_at = hg_clock(), stripe_account = ${stripeAccount},
      currency = coalesce(${facts.currency}, currency), card_brand = ${card?.brand ?? null},
      card_last4 = ${card?.last4 ?? null}, card_expires = ${card?.expires ?? null}
    where account_id = ${accountId} and stripe_customer_id = ${customer} and ticket_applied < ${ticket}
    returning 1`;
  return { taken: taken.length > 0, syncedAt: before?.synced_at ?? null };
}

const priceIdsOf = ({
  priceId,
  pending,
  pendingUpdate,
  bought,
}: CustomerFacts['subscriptions'][number]): string[] => [
  priceId,
  ...(pending ? [pending.priceId] : []),
  ...(pendingUpdate ? [pendingUpdate.priceId] : []),
  ...bought.map((line) => line.priceId),
];

/** Returns the row to store. An unknown price or status changes nothing: the stored values stay, with an alarm. */
async function decideStored(
  tx: TxCtx,
  state: AccountState,
  stored: StoredSubscription | null,
  facts: CustomerFacts,
  syncedAt: Instant | null,
): Promise<StoredSubscription | null> {
  const sold = await readPrices(tx, facts.subscriptions.flatMap(priceIdsOf));
  const planOf = (priceId: string) => sold.get(priceId)?.plan_id ?? null;
  const rankOf = (priceId: string) => state.plans.find(({ id }) => id === planOf(priceId))?.sort ?? -1;
  const { chosen, others } = chooseSubscription(facts.subscriptions, rankOf);
  if (others.length > 0 && surplusOf(facts.subscriptions).length < others.length)
    alarm(tx, state, 'two_subscriptions');
  if (!chosen) return null;
  const same = stored?.stripeSubscriptionId === chosen.id ? stored : null;
  const price = sold.get(chosen.priceId);
  if (!price && !chosen.ended) alarm(tx, state, 'unknown_price');
  if (!isKnownStatus(chosen.status)) {
    alarm(tx, state, 'unknown_status');
    if (same) return same;
  }
  const planId = price?.plan_id ?? same?.planId ?? null;
  const bought = boughtTime({
    lines: chosen.bought,
    planOf: (id) => planOf(id) ?? (id === chosen.priceId ? planId : null),
    before: same,
    syncedAt,
    now: state.now,
  });
  const amount = price?.amounts[chosen.currency] ?? chosen.unitAmount;
  return { ...rowOf(chosen, planOf), planId, amount, bought };
}

/** Returns the row of a subscription as read. Pure. */
function rowOf(
  { id, createdAt, pending, pendingUpdate, ...facts }: SubscriptionFacts,
  planOf: (priceId: string) => string | null,
): Omit<StoredSubscription, 'planId' | 'amount' | 'bought'> {
  return {
    stripeSubscriptionId: id,
    itemId: facts.itemId,
    priceId: facts.priceId,
    status: facts.status,
    currency: facts.currency,
    startedAt: createdAt,
    periodStart: facts.periodStart,
    periodEnd: facts.periodEnd,
    paidUntil: facts.paidUntil,
    cancelAt: facts.cancelAt,
    scheduleId: facts.scheduleId,
    pendingPlanId: pending && planOf(pending.priceId),
    pendingAt: pending?.at ?? null,
    latestInvoiceId: facts.latestInvoiceId,
    amountOpen: facts.amountOpen,
    nextPaymentAttemptAt: facts.nextPaymentAttemptAt,
    discount: facts.discount,
    pendingUpdate: pendingUpdate && { ...pendingUpdate, planId: planOf(pendingUpdate.priceId) },
  };
}

function alarm(tx: TxCtx, state: AccountState, kind: string): void {
  tx.afterCommit(() => {
    metrics.billingAlarms.inc({ kind });
    tx.log.error({ accountId: state.accountId, kind, at: toIso(state.now) }, 'billing needs a person');
  });
}

type SoldPrice = { plan_id: string; amounts: Record<string, number> };

async function readPrices(tx: TxCtx, priceIds: string[]): Promise<Map<string, SoldPrice>> {
  const rows = await tx.sql<(SoldPrice & { id: string })[]>`
    select stripe_price_id as id, plan_id, amounts from plan_price where stripe_price_id = any(${priceIds})`;
  return new Map(rows.map((row) => [row.id, row]));
}
