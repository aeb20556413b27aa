import type { ItemRecord, LineRecord, SubscriptionRecord } from '../store/billing-records';
import { newStripeId } from '../store/ids';
import { cycleAt, type Interval, prorate } from '../store/period';
import { priceAmount } from '../store/price-amount';
import type { PriceRecord } from '../store/records';
import type { World } from '../store/world';
import { formatDay, formatMoney } from './money';

/** How often the items are billed; all of a subscription's items share it. */
export function intervalOf(world: World, items: readonly ItemRecord[]): Interval {
  const recurring = items[0] && priceOf(world, items[0]).recurring;
  if (!recurring) throw new Error('A subscription needs a recurring price.');
  return recurring;
}

export function priceOf(world: World, item: Pick<ItemRecord, 'price'>): Readonly<PriceRecord> {
  return world.need('prices', item.price, 'price');
}

/** The whole cycle around an instant: the share of it that is used decides every proration. */
function fullCycle(world: World, subscription: Readonly<SubscriptionRecord>, instant: number) {
  return cycleAt(subscription.billing_cycle_anchor, intervalOf(world, subscription.items), instant);
}

/** Gives back the time from `from` to the end of the period. */
export function creditLines(
  world: World,
  subscription: Readonly<SubscriptionRecord>,
  items: readonly ItemRecord[],
  from: number,
): LineRecord[] {
  return partLines(world, subscription, items, from, -1, 'Unused time on');
}

/** Charges the time from `from` to the end of the period. */
export function debitLines(
  world: World,
  subscription: Readonly<SubscriptionRecord>,
  items: readonly ItemRecord[],
  from: number,
): LineRecord[] {
  return partLines(world, subscription, items, from, 1, 'Remaining time on');
}

function partLines(
  world: World,
  subscription: Readonly<SubscriptionRecord>,
  items: readonly ItemRecord[],
  from: number,
  sign: 1 | -1,
  words: string,
): LineRecord[] {
  const end = subscription.period_end;
  // Measured on the last instant of the period: a first, shorter period lies in the same cycle as its end.
  const cycle = fullCycle(world, subscription, end - 1);
  return items.map((item) => {
    const full = priceAmount(priceOf(world, item), subscription.currency) * item.quantity;
    const amount = sign * prorate(full, from, end, cycle);
    const quantity = item.quantity > 1 ? `${item.quantity} × ` : '';
    return {
      id: newStripeId('il'),
      // Never -0: it reads as 0 on the wire and confuses comparisons.
      amount: amount === 0 ? 0 : amount,
      description: `${words} ${quantity}${productName(world, item)} after ${formatDay(from)}`,
      period: { start: from, end },
      price: item.price,
      quantity: item.quantity,
      proration: true,
      subscription_item: item.id,
    };
  });
}

/** One line per item for a period that starts at `start`; a period shorter than its cycle costs its share. */
export function periodLines(
  world: World,
  subscription: Readonly<SubscriptionRecord>,
  start: number,
  end: number,
): LineRecord[] {
  const cycle = fullCycle(world, subscription, end - 1);
  const whole = start <= cycle.start;
  return subscription.items.map((item) => {
    const price = priceOf(world, item);
    const unit = priceAmount(price, subscription.currency);
    const amount = unit * item.quantity;
    const name = productName(world, item);
    const description = whole
      ? `${item.quantity} × ${name} (at ${formatMoney(unit, subscription.currency)} / ${price.recurring?.interval})`
      : `Time on ${name} from ${formatDay(start)} until ${formatDay(end)}`;
    return {
      id: newStripeId('il'),
      amount: whole ? amount : prorate(amount, start, end, cycle),
      description,
      period: { start, end },
      price: item.price,
      quantity: item.quantity,
      proration: !whole,
      subscription_item: item.id,
    };
  });
}

/** What a trial costs. */
export function trialLines(world: World, subscription: Readonly<SubscriptionRecord>): LineRecord[] {
  return subscription.items.map((item) => ({
    id: newStripeId('il'),
    amount: 0,
    description: `Trial period for ${productName(world, item)}`,
    period: { start: subscription.period_start, end: subscription.period_end },
    price: item.price,
    quantity: item.quantity,
    proration: false,
    subscription_item: item.id,
  }));
}

export function productName(world: World, item: Pick<ItemRecord, 'price'>): string {
  return world.store.read('products', priceOf(world, item).product)?.name ?? 'subscription';
}
