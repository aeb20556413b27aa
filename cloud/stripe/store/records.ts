import type { Json } from '../schema/fill';
import type {
  ChargeRecord,
  InvoiceRecord,
  PaymentIntentRecord,
  RefundRecord,
  ScheduleRecord,
  SessionRecord,
  SetupIntentRecord,
  SubscriptionRecord,
} from './billing-records';

// Stored records, one type per noun: the fields that vary, with their wire names where the wire has them. Instants
// are unix seconds, money is in minor units.

export type Metadata = Record<string, string>;

export interface ProductRecord {
  id: string;
  name: string;
  active: boolean;
  description: string | null;
  metadata: Metadata;
  created: number;
  updated: number;
  default_price: string | null;
  images: string[];
  marketing_features: { name: string }[];
  url: string | null;
}

export interface PriceRecord {
  id: string;
  product: string;
  active: boolean;
  currency: string;
  unit_amount: number;
  currency_options: Record<string, number>;
  recurring: { interval: 'day' | 'week' | 'month' | 'year'; interval_count: number } | null;
  lookup_key: string | null;
  nickname: string | null;
  metadata: Metadata;
  tax_behavior: string;
  created: number;
}

export interface CouponRecord {
  id: string;
  name: string | null;
  percent_off: number | null;
  amount_off: number | null;
  currency: string | null;
  duration: 'forever' | 'once' | 'repeating';
  duration_in_months: number | null;
  times_redeemed: number;
  metadata: Metadata;
  created: number;
}

export interface PromotionCodeRecord {
  id: string;
  code: string;
  coupon: string;
  active: boolean;
  max_redemptions: number | null;
  expires_at: number | null;
  times_redeemed: number;
  metadata: Metadata;
  created: number;
}

export interface DiscountRecord {
  id: string;
  coupon: string;
  promotion_code: string | null;
  checkout_session: string | null;
  customer: string;
  subscription: string;
  start: number;
  /** Later invoices are not reduced; null = the discount has no end date. */
  end: number | null;
}

export interface TaxIdRecord {
  id: string;
  customer: string;
  type: string;
  value: string;
  country: string | null;
  created: number;
}

export interface CustomerRecord {
  id: string;
  deleted?: true;
  email: string | null;
  name: string | null;
  phone: string | null;
  description: string | null;
  address: Json | null;
  metadata: Metadata;
  balance: number;
  currency: string | null;
  created: number;
  invoice_prefix: string;
  next_invoice_sequence: number;
  default_payment_method: string | null;
  preferred_locales: string[];
  tax_exempt: string;
  test_clock: string | null;
}

export interface PaymentMethodRecord {
  id: string;
  customer: string | null;
  /** The test card's number, which decides the card's behaviour. */
  number: string;
  exp_month: number;
  exp_year: number;
  name: string | null;
  email: string | null;
  metadata: Metadata;
  created: number;
}

export interface PortalConfigurationRecord {
  id: string;
  active: boolean;
  is_default: boolean;
  name: string | null;
  business_profile: Json;
  default_return_url: string | null;
  features: Json;
  metadata: Metadata;
  created: number;
  updated: number;
}

export interface PortalSessionRecord {
  id: string;
  customer: string;
  configuration: string;
  return_url: string | null;
  locale: string | null;
  flow: Json | null;
  created: number;
}

export interface WebhookEndpointRecord {
  id: string;
  url: string;
  secret: string;
  enabled_events: string[];
  api_version: string | null;
  description: string | null;
  status: 'enabled' | 'disabled';
  metadata: Metadata;
  created: number;
}

export interface EventRecord {
  id: string;
  type: string;
  created: number;
  object: Json;
  previous_attributes: Json | null;
  request: { id: string | null; idempotency_key: string | null };
}

export interface DisputeRecord {
  id: string;
  amount: number;
  currency: string;
  charge: string;
  payment_intent: string;
  reason: string;
  /** `warning_…` is an inquiry of the bank, before any money is taken back. */
  status:
    | 'needs_response'
    | 'under_review'
    | 'won'
    | 'lost'
    | 'warning_needs_response'
    | 'warning_under_review'
    | 'warning_closed';
  created: number;
}

export interface FraudWarningRecord {
  id: string;
  charge: string;
  payment_intent: string;
  actionable: boolean;
  fraud_type: string;
  created: number;
}

/** Times are real milliseconds, not those of the simulated clock, because receivers use real time. */
export interface DeliveryRecord {
  id: string;
  event: string;
  endpoint: string;
  status: 'pending' | 'delivered' | 'failed' | 'dropped';
  attempts: { at: number; status: number | null; error: string | null }[];
  next_at: number;
}

export interface TestClockRecord {
  id: string;
  name: string | null;
  frozen_time: number;
  created: number;
}

export interface IdempotencyRecord {
  id: string;
  method: string;
  path: string;
  hash: string;
  status: number;
  body: string;
  /** Real time in milliseconds. */
  at: number;
}

/** The only record of its collection, with the id `settings`. */
export interface SettingsRecord {
  id: string;
  /** The account that every key belongs to. */
  account_id: string;
  /** Milliseconds by which the simulated clock is ahead of the real one. */
  clock_offset_ms: number;
  /** Days between the attempts to charge a failed renewal. */
  retry_days: number[];
  final_action: 'canceled' | 'unpaid' | 'past_due';
  webhooks: WebhookSettings;
}

export interface WebhookSettings {
  /** `unfriendly` sends updates before creations, as real logs show; `natural` keeps the order of emission. */
  order: 'natural' | 'unfriendly' | 'shuffle';
  /** Extra copies of each delivery. */
  duplicate: number;
  delayMs: number;
  /** Share of deliveries that are never sent, from 0 to 1, or the event types that are never sent. */
  drop: number | string[];
  retryDelaysMs: number[];
  timeoutMs: number;
  paused: boolean;
  seed: number;
}

export interface Records {
  charges: ChargeRecord;
  checkoutSessions: SessionRecord;
  coupons: CouponRecord;
  customers: CustomerRecord;
  deliveries: DeliveryRecord;
  discounts: DiscountRecord;
  disputes: DisputeRecord;
  events: EventRecord;
  fraudWarnings: FraudWarningRecord;
  idempotency: IdempotencyRecord;
  invoices: InvoiceRecord;
  paymentIntents: PaymentIntentRecord;
  paymentMethods: PaymentMethodRecord;
  portalConfigurations: PortalConfigurationRecord;
  portalSessions: PortalSessionRecord;
  prices: PriceRecord;
  products: ProductRecord;
  promotionCodes: PromotionCodeRecord;
  refunds: RefundRecord;
  schedules: ScheduleRecord;
  settings: SettingsRecord;
  setupIntents: SetupIntentRecord;
  subscriptions: SubscriptionRecord;
  taxIds: TaxIdRecord;
  testClocks: TestClockRecord;
  webhookEndpoints: WebhookEndpointRecord;
}
