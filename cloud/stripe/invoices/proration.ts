import type { ItemRecord, LineRecord, SubscriptionRecord } from '../store/billing-records';
import { newStripeId } from '../store/ids';
import { cycleAt, type Interval, prorate } from '../store/period';
import { priceAmount } from '../store/price-amount';
import type { PriceRecord } from '../store/records';
import type { World } from '../store/world';
import { formatDay, formatMoney } from './money';

/** Returns the billing interval that all items of a subscription share. Throws for a price that is not recurring. */
export function intervalOf(world: World, items: readonly ItemRecord[]): Interval {
  const recurring = items[0] && priceOf(world, items[0]).recurring;
  if (!recurring) throw new Error('A subscription needs a recurring price.');
  return recurring;
}

export function priceOf(world: World, item: Pick<ItemRecord, 'price'>): Readonly<PriceRecord> {
  return world.need('prices', item.price, 'price');
}

/** Returns the full billing cycle that contains an instant. Every proration is a share of a full cycle. */
function fullCycle(world: World, subscription: Readonly<SubscriptionRecord>, instant: number) {
  return cycleAt(subscription.billing_cycle_anchor, intervalOf(world, subscription.items), instant);
}

/** Returns negative lines for the time from `from` to the end of the period. */
export function creditLines(
  world: World,
  subscription: Readonly<SubscriptionRecord>,
  items: readonly ItemRecord[],
  from: number,
): LineRecord[] {
  return partLines(world, subscription, items, from, -1, 'Unused time on');
}

/** Returns charge lines for the time from `from` to the end of the period. */
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
  // The period's last instant is measured, because a shorter first period lies in the same cycle as its end.
  const cycle = fullCycle(world, subscription, end - 1);
  return items.map((item) => {
    const full = priceAmount(priceOf(world, item), subscription.currency) * item.quantity;
    const amount = sign * prorate(full, from, end, cycle);
    const quantity = item.quantity > 1 ? `${item.quantity} × ` : '';
    return {
      id: newStripeId('il'),
      // Never -0: on the wire it reads as 0, and it breaks comparisons.
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

/** Returns one line per item for a period. A period shorter than its cycle costs its share of the cycle. */
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

/** Returns one line of 0 per item for a trial. */
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
