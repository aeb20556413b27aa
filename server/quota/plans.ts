import type { Sql, TxSql } from '@/db/client';
import type { Row } from '@/db/rows';
import type { plan } from '@/db/schema/quota';
import type { Money, Plan, Price } from '../shapes';

export type PlanRow = Omit<Row<typeof plan>, 'prices' | 'stripe_price_id'> & { prices?: Prices | null };

/** Prices of a month in minor units, by currency, as the payment provider charges them. */
export type Prices = Record<string, number>;

/** The currency of visitors whose country is unknown. */
export const DEFAULT_CURRENCY = 'usd';

export const pricesOf = (row: PlanRow): Prices | null => row.prices ?? null;

/** Returns the price in a currency, or in dollars when there is none in it; null when it is not for sale. Pure. */
export function amountIn(prices: Prices | null | undefined, currency: string): Money | null {
  if (!prices) return null;
  const sold = prices[currency] === undefined ? DEFAULT_CURRENCY : currency;
  const amount = prices[sold];
  return amount === undefined ? null : { amount, currency: sold };
}

/** Returns the same as the price of a month. Pure. */
export function priceIn(prices: Prices | null | undefined, currency: string): Price | null {
  const money = amountIn(prices, currency);
  return money && { ...money, interval: 'month' };
}

/** Returns a plan row in its public shape. */
export function toPlan(row: PlanRow): Plan {
  return {
    id: row.id,
    name: row.name,
    description: row.description,
    monthlySeconds: row.monthly_seconds,
    onceSeconds: row.once_seconds,
    maxSessions: row.max_sessions,
    idleStop: {
      minSeconds: row.idle_min_seconds,
      maxSeconds: row.idle_max_seconds,
      defaultSeconds: row.idle_default_seconds,
    },
    storageGb: row.storage_gb,
    sort: row.sort,
    visible: row.visible,
  };
}

/** Returns all plans, lowest rank first. */
export async function listPlans(sql: Sql | TxSql): Promise<Plan[]> {
  const rows = await sql<PlanRow[]>`select * from plan order by sort, id`;
  return rows.map(toPlan);
}

/** Returns the quota of a plan in a whole period, in ms; null without a limit. */
export function quotaMsOf(plan: Plan): number | null {
  const seconds = plan.onceSeconds ?? plan.monthlySeconds;
  return seconds === null ? null : seconds * 1000;
}

/** Returns whether the plan gives its time once instead of every month. */
export const isOnce = (plan: Plan): boolean => plan.onceSeconds !== null;
