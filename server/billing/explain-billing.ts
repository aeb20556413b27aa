import type Stripe from 'stripe';
import type { Row } from '@/db/rows';
import type { paymentHold } from '@/db/schema/billing';
import type { usagePeriod } from '@/db/schema/quota';
import { fromUnix, type Instant, toIso, toIsoOrNull } from '../clock';
import type { Ctx } from '../context';
import { readAccount } from '../quota/load-account';
import { monthSeconds } from '../quota/paid-quota';
import { monthOf } from '../quota/period';
import { readStored } from './sync/stored-subscription';

/** One event of an account's billing, and its source. */
type Step = { at: string; source: string; what: string };

/** A sum of the books, and what its parts add up to. */
type Sum = { name: string; is: number; mustBe: number; agrees: boolean };

/** Minor units: paid on invoices, charged to cards, refunded. */
type MonthMoney = { currency: string; paid: number; charged: number; refunded: number };

type Month = {
  month: string;
  /** Null without a limit; absent when nothing was ever granted. */
  quotaSeconds?: number | null;
  usedSeconds: number;
  money: MonthMoney[];
  sums: Sum[];
  steps: Step[];
};

export type BillingStory = {
  accountId: string;
  planId: string;
  ownPlanId: string;
  customer: string | null;
  stripeAccount: string | null;
  status: string | null;
  /** Reads of the provider: the number begun, the last one applied, and when. */
  tickets: { drawn: number; applied: number; lastReadAt: string | null };
  /** Disputes and fraud warnings that refuse purchases. */
  holds: string[];
  months: Month[];
  agrees: boolean;
};

/**
 * Returns the history of an account's billing by month: what the provider reported, what was read, changed, paid,
 * granted and emailed, and whether the sums agree. Payments are read from the provider now, and left out without one.
 * Throws NOT_FOUND, BILLING_UNAVAILABLE.
 */
export async function explainBilling(ctx: Ctx, accountId: string): Promise<BillingStory> {
  const [state, stored, customer, holds, steps, periods] = await Promise.all([
    readAccount(ctx.sql, accountId),
    readStored(ctx.sql, accountId),
    readCustomerRow(ctx, accountId),
    ctx.sql<
      Pick<Row<typeof paymentHold>, 'id'>[]
    >`select id from payment_hold where account_id = ${accountId} and lifted_at is null`,
    readSteps(ctx, accountId),
    readPeriods(ctx, accountId),
  ]);
  const paid = await readMoney(ctx, customer?.customer ?? null);
  const all: Dated[] = [...steps, ...paid.steps].sort((a, b) => a.at - b.at);
  const names = new Set([...all.map(({ at }) => monthOf(at)), ...periods.keys()]);
  const months = [...names].sort().map((month): Month => {
    const period = periods.get(month);
    const money = paid.months.get(month) ?? [];
    const sums = sumsOf(period, money);
    const isNow = month === monthOf(state.now) && period?.quotaSeconds != null;
    if (isNow) sums.push(sumOf('quota', period?.quotaSeconds ?? 0, monthSeconds(state, month) ?? 0));
    return {
      month,
      ...(period ? { quotaSeconds: period.quotaSeconds } : {}),
      usedSeconds: period?.usedSeconds ?? 0,
      money,
      sums,
      steps: all.filter(({ at }) => monthOf(at) === month).map((step) => ({ ...step, at: toIso(step.at) })),
    };
  });
  return {
    accountId,
    planId: state.plan.id,
    ownPlanId: state.ownPlanId,
    customer: customer?.customer ?? null,
    stripeAccount: customer?.stripe_account ?? null,
    status: stored?.status ?? null,
    tickets: {
      drawn: customer?.drawn ?? 0,
      applied: customer?.applied ?? 0,
      lastReadAt: toIsoOrNull(customer?.synced_at ?? null),
    },
    holds: holds.map(({ id }) => id),
    months,
    agrees: months.every(({ sums }) => sums.every(({ agrees }) => agrees)),
  };
}

/** Returns the history as lines of text. Pure. */
export function storyLines(story: BillingStory): string[] {
  const { tickets } = story;
  return [
    `account ${story.accountId}: plan ${story.planId} (own ${story.ownPlanId}), customer ${story.customer ?? 'none'} of ${story.stripeAccount ?? 'no account read yet'}, subscription ${story.status ?? 'none'}`,
    `reads: ${tickets.drawn} begun, ticket ${tickets.applied} applied last, at ${tickets.lastReadAt ?? 'no time'}`,
    ...story.holds.map((id) => `nothing is sold: ${id}`),
    ...story.months.flatMap((month) => [
      '',
      `${month.month}: quota ${month.quotaSeconds === undefined ? 'not granted yet' : `${month.quotaSeconds ?? 'without limit'} s`}, used ${month.usedSeconds} s`,
      ...month.steps.map(({ at, source, what }) => `${at}  ${source.padEnd(8)}  ${what}`),
      ...month.money.map((one) => `paid ${one.paid} ${one.currency}, given back ${one.refunded}`),
      ...month.sums.map(({ name, is, mustBe, agrees }) =>
        agrees ? `${name}: ${is}, agrees` : `${name}: ${is}, must be ${mustBe}: DOES NOT AGREE`,
      ),
    ]),
  ];
}

type Dated = Omit<Step, 'at'> & { at: Instant };
type Period = { quotaSeconds: number | null; usedSeconds: number; chargedSeconds: number };
type CustomerRow = {
  customer: string | null;
  stripe_account: string | null;
  drawn: number;
  applied: number;
  synced_at: Instant | null;
};

const sumOf = (name: string, is: number, mustBe: number): Sum => ({
  name,
  is,
  mustBe,
  agrees: is === mustBe,
});

const sumsOf = (period: Period | undefined, money: MonthMoney[]): Sum[] => [
  ...(period ? [sumOf('used', period.usedSeconds, period.chargedSeconds)] : []),
  ...money.map(({ currency, paid, charged }) => sumOf(`money ${currency}`, paid, charged)),
];

async function readCustomerRow(ctx: Ctx, accountId: string): Promise<CustomerRow | undefined> {
  const [row] = await ctx.sql<CustomerRow[]>`
    select stripe_customer_id as customer, stripe_account, ticket_drawn as drawn, ticket_applied as applied, synced_at
    from billing_customer where account_id = ${accountId}`;
  return row;
}

const readSteps = (ctx: Ctx, accountId: string) => ctx.sql<Dated[]>`
  select at, source, what from (
    select created_at as at, 'event' as source, type || case when processed_at is null
      then ': not done with, ' || attempts || ' tries' || coalesce(', ' || error, '') else ': read' end as what
      from stripe_event where account_id = ${accountId}
    union all
    select at, 'audit', action || ' by ' || actor || ': ' || reason || coalesce(', ' || nullif(after::text, 'null'), '')
      from audit where account_id = ${accountId} and (action like 'billing.%' or action like 'account.%')
    union all
    select created_at, 'ledger', kind || ' of ' || ms / 1000.0 || ' s of ' || period || coalesce(': ' || reason, '')
      from usage_entry where account_id = ${accountId} and kind <> 'run'
    union all
    select min(created_at), 'ledger', count(*) || ' entries of runs on ' || day || ', ' || sum(ms) / 1000.0 || ' s'
      from usage_entry where account_id = ${accountId} and kind = 'run' group by day
    union all
    select created_at, 'email', kind || case when sent_at is null then ': not sent yet' else ': sent' end
      from mail where account_id = ${accountId}
  ) story order by at, source, what`;

async function readPeriods(ctx: Ctx, accountId: string): Promise<Map<string, Period>> {
  const rows = await ctx.sql<
    (Pick<Row<typeof usagePeriod>, 'period' | 'quota_ms' | 'used_ms'> & { charged: number })[]
  >`
    select p.period, p.quota_ms, p.used_ms, coalesce((select sum(e.ms)::bigint from usage_entry e
      where e.account_id = p.account_id and e.period = p.period), 0) as charged
    from usage_period p where p.account_id = ${accountId} order by p.period`;
  return new Map(
    rows.map(({ period, quota_ms: quota, used_ms: used, charged }) => [
      period,
      {
        quotaSeconds: quota === null ? null : quota / 1000,
        usedSeconds: used / 1000,
        chargedSeconds: charged / 1000,
      },
    ]),
  );
}

type Paid = { steps: Dated[]; months: Map<string, MonthMoney[]> };

/** Returns what was paid on the newest invoices and charged to cards, by month and currency. */
async function readMoney({ payments }: Ctx, customer: string | null): Promise<Paid> {
  if (!payments || !customer) return { steps: [], months: new Map() };
  const [invoices, charges] = await Promise.all([
    payments.ask((stripe) => stripe.invoices.list({ customer, limit: 100 })),
    payments.ask((stripe) => stripe.charges.list({ customer, limit: 100 })),
  ]);
  const months = new Map<string, MonthMoney[]>();
  const add = (at: number, currency: string, more: Partial<MonthMoney>) => {
    const of = months.get(monthOf(fromUnix(at))) ?? [];
    months.set(monthOf(fromUnix(at)), of);
    const sum = of.find((one) => one.currency === currency) ?? { currency, paid: 0, charged: 0, refunded: 0 };
    if (!of.includes(sum)) of.push(sum);
    sum.paid += more.paid ?? 0;
    sum.charged += more.charged ?? 0;
    sum.refunded += more.refunded ?? 0;
  };
  for (const { status_transitions: moved, created, currency, amount_paid } of invoices.data) {
    if (amount_paid > 0) add(moved.paid_at ?? created, currency, { paid: amount_paid });
  }
  for (const { status, created, currency, amount, amount_refunded } of charges.data) {
    if (status === 'succeeded') add(created, currency, { charged: amount, refunded: amount_refunded });
  }
  return { steps: invoices.data.map(invoiceStep), months };
}

function invoiceStep({
  id,
  created,
  status,
  billing_reason,
  total,
  amount_paid,
  currency,
}: Stripe.Invoice): Dated {
  const what = `${id} ${status} (${billing_reason}): ${total} ${currency}, paid ${amount_paid}`;
  return { at: fromUnix(created), source: 'invoice', what };
}
