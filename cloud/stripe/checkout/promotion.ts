import { findCode } from '../catalogue/promotions';
import type { SessionRecord } from '../store/billing-records';
import { leastCharge } from '../store/invoice-sums';
import type { World } from '../store/world';
import { costToday } from './checkout';

/** Takes a promotion code for an open session; returns why it is not valid, or null. */
export function applyPromotion(world: World, id: string, typed: string): string | null {
  const session = world.store.edit('checkoutSessions', id);
  const code = findCode(world, typed, session.currency ?? 'usd');
  if (typeof code === 'string') return code;
  session.promotion_code = code.id;
  session.amount_total = dueToday(world, session);
  return null;
}

/** What is due today, with the promotion code. */
export function dueToday(world: World, session: Readonly<SessionRecord>): number {
  const due = cost(world, session) - reductionOf(world, session);
  return due < leastCharge(session.currency ?? 'usd') ? 0 : due;
}

/** What the promotion code takes off what is due today. */
export function reductionOf(world: World, session: Readonly<SessionRecord>): number {
  const code = session.promotion_code && world.store.read('promotionCodes', session.promotion_code);
  const coupon = code ? world.store.read('coupons', code.coupon) : undefined;
  if (!coupon) return 0;
  const total = cost(world, session);
  if (coupon.percent_off !== null) return Math.round((total * coupon.percent_off) / 100);
  return Math.min(total, coupon.amount_off ?? 0);
}

const cost = (world: World, session: Readonly<SessionRecord>): number =>
  costToday(world, session, session.subscription_data, world.now(session.customer));
