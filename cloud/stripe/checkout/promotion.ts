import { findCode } from '../catalogue/promotions';
import type { SessionRecord } from '../store/billing-records';
import { leastCharge } from '../store/invoice-sums';
import type { World } from '../store/world';
import { costToday } from './checkout';

/** Applies a promotion code to an open session. Returns null, or a sentence that says why the code is not valid. */
export function applyPromotion(world: World, id: string, typed: string): string | null {
  const session = world.store.edit('checkoutSessions', id);
  const code = findCode(world, typed, session.currency ?? 'usd');
  if (typeof code === 'string') return code;
  session.promotion_code = code.id;
  session.amount_total = dueToday(world, session);
  return null;
}

/** Returns the amount due today after the promotion code, in minor units; 0 below the minimum charge. */
export function dueToday(world: World, session: Readonly<SessionRecord>): number {
  const due = cost(world, session) - reductionOf(world, session);
  return due < leastCharge(session.currency ?? 'usd') ? 0 : due;
}

/** Returns the amount that the promotion code takes off today's amount, in minor units. */
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
