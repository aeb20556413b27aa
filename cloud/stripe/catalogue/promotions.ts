import { renderOne } from '../render/objects';
import type { Json } from '../schema/fill';
import { mergeMetadata } from '../store/assign';
import type { LineRecord, SubscriptionRecord } from '../store/billing-records';
import { missingParam, notHere, refuse } from '../store/failure';
import { newStripeId, randomLetters } from '../store/ids';
import { addIntervals } from '../store/period';
import type { CouponRecord, PromotionCodeRecord } from '../store/records';
import type { World } from '../store/world';
import { type Call, listRoute, matches, retrieveRoute, route } from '../wire/route';

function createCoupon({ world, params }: Call): Json {
  for (const name of ['applies_to', 'currency_options', 'max_redemptions', 'redeem_by'])
    if (params[name] !== undefined) throw notHere(name);
  const off = ['percent_off', 'amount_off'].filter((name) => params[name] !== undefined);
  if (off.length !== 1)
    throw refuse(
      'Must provide exactly one of percent_off or amount_off.',
      'percent_off',
      'parameter_missing',
    );
  if (params.amount_off !== undefined && !params.currency)
    throw refuse('Must provide currency with amount_off.', 'currency', 'parameter_missing');
  const duration = (params.duration ?? 'once') as CouponRecord['duration'];
  const months = (params.duration_in_months as number | undefined) ?? null;
  if ((duration === 'repeating') !== (months !== null))
    throw refuse('duration_in_months belongs to duration=repeating.', 'duration_in_months');
  const coupon: CouponRecord = {
    id: typeof params.id === 'string' ? params.id : newStripeId('coupon'),
    name: (params.name as string) ?? null,
    percent_off: (params.percent_off as number | undefined) ?? null,
    amount_off: (params.amount_off as number | undefined) ?? null,
    currency: (params.currency as string | undefined) ?? null,
    duration,
    duration_in_months: months,
    times_redeemed: 0,
    metadata: mergeMetadata({}, params.metadata),
    created: world.now(),
  };
  if (world.store.read('coupons', coupon.id))
    throw refuse('Coupon already exists.', 'id', 'resource_already_exists');
  world.store.put('coupons', coupon);
  return renderOne(world, 'coupons', coupon.id);
}

function createCode({ world, params }: Call): Json {
  const { promotion, restrictions, customer } = params as { promotion?: Json } & Json;
  if (restrictions !== undefined) throw notHere('restrictions');
  if (customer !== undefined) throw notHere('customer');
  const coupon = String(promotion?.coupon);
  if (!world.store.read('coupons', coupon)) throw missingParam('coupon', coupon, 'promotion[coupon]');
  const code: PromotionCodeRecord = {
    id: newStripeId('promo'),
    code: String(params.code ?? randomLetters(8)).toUpperCase(),
    coupon,
    active: params.active !== false,
    max_redemptions: (params.max_redemptions as number | undefined) ?? null,
    expires_at: (params.expires_at as number | undefined) ?? null,
    times_redeemed: 0,
    metadata: mergeMetadata({}, params.metadata),
    created: world.now(),
  };
  world.store.put('promotionCodes', code);
  return renderOne(world, 'promotionCodes', code.id);
}

/** Returns the promotion code that the customer typed, or a sentence that says why the code is not valid. */
export function findCode(world: World, typed: string, currency: string): PromotionCodeRecord | string {
  const code = world.store.all('promotionCodes').find((one) => one.code === typed.trim().toUpperCase());
  const isOver =
    !code?.active ||
    (code.expires_at !== null && code.expires_at <= world.now()) ||
    (code.max_redemptions !== null && code.times_redeemed >= code.max_redemptions);
  if (!code || isOver) return 'This code is invalid.';
  const coupon = world.store.read('coupons', code.coupon);
  if (coupon?.currency && coupon.currency !== currency) return 'This code cannot be used in this currency.';
  return code;
}

/** Creates the discount of a subscription that was bought with a promotion code. Returns the discount's id. */
export function redeem(
  world: World,
  codeId: string,
  { id, customer, created }: Readonly<SubscriptionRecord>,
  session: string | null,
): string {
  const code = world.store.edit('promotionCodes', codeId);
  const coupon = world.store.edit('coupons', code.coupon);
  code.times_redeemed += 1;
  coupon.times_redeemed += 1;
  const months = coupon.duration_in_months;
  const month = { interval: 'month', interval_count: 1 } as const;
  return world.store.put('discounts', {
    id: newStripeId('di'),
    coupon: coupon.id,
    promotion_code: codeId,
    checkout_session: session,
    customer,
    subscription: id,
    start: created,
    end: months === null ? null : addIntervals(created, month, months),
  }).id;
}

/** Returns the lines reduced by a coupon. A percentage reduces credit lines too, because the credited time was cheaper. Pure. */
export function reduceLines(lines: LineRecord[], coupon: Readonly<CouponRecord>): LineRecord[] {
  if (coupon.percent_off !== null) {
    const part = coupon.percent_off / 100;
    return lines.map((line) => ({ ...line, discounted: Math.round(line.amount * part) }));
  }
  let left = Math.min(
    coupon.amount_off ?? 0,
    Math.max(
      0,
      lines.reduce((sum, { amount }) => sum + amount, 0),
    ),
  );
  return lines.map((line) => {
    const discounted = Math.min(left, Math.max(0, line.amount));
    left -= discounted;
    return { ...line, discounted };
  });
}

export const promotionRoutes = [
  route('POST', '/v1/coupons', 'CouponCreateParams', createCoupon),
  retrieveRoute('/v1/coupons/:id', 'coupons'),
  route('POST', '/v1/promotion_codes', 'PromotionCodeCreateParams', createCode),
  listRoute(
    '/v1/promotion_codes',
    'PromotionCodeListParams',
    'promotionCodes',
    (code, params) => matches(params.code, code.code) && matches(params.active, code.active),
  ),
  retrieveRoute('/v1/promotion_codes/:id', 'promotionCodes'),
];
