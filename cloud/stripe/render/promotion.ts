import { fill, type Json } from '../schema/fill';
import type { CouponRecord, DiscountRecord, PromotionCodeRecord } from '../store/records';

export const renderCoupon = (coupon: Readonly<CouponRecord>): Json =>
  fill('coupon', { ...coupon, max_redemptions: null, redeem_by: null, valid: true });

export function renderPromotionCode({ coupon, ...code }: Readonly<PromotionCodeRecord>): Json {
  return fill('promotion_code', {
    ...code,
    promotion: { coupon, type: 'coupon' },
    restrictions: { first_time_transaction: false, minimum_amount: null, minimum_amount_currency: null },
  });
}

export function renderDiscount({ coupon, ...discount }: Readonly<DiscountRecord>): Json {
  return fill('discount', {
    ...discount,
    invoice: null,
    invoice_item: null,
    source: { coupon, type: 'coupon' },
    subscription_item: null,
  });
}
