import type { Json } from '../schema/fill';
import type { Metadata } from './records';

// Records of products sold and payments. Instants are unix seconds, money is in minor units.

export interface ItemRecord {
  id: string;
  price: string;
  quantity: number;
  metadata: Metadata;
  created: number;
}

export interface AnchorConfig {
  day_of_month: number;
  hour: number | null;
  minute: number | null;
  second: number | null;
  month: number | null;
}

interface PendingUpdateRecord {
  expires_at: number;
  items: ItemRecord[];
  proration_date: number;
  invoice: string;
}

type SubscriptionStatus =
  | 'active'
  | 'canceled'
  | 'incomplete'
  | 'incomplete_expired'
  | 'past_due'
  | 'paused'
  | 'trialing'
  | 'unpaid';

export interface SubscriptionRecord {
  id: string;
  customer: string;
  status: SubscriptionStatus;
  currency: string;
  created: number;
  billing_cycle_anchor: number;
  billing_cycle_anchor_config: AnchorConfig | null;
  items: ItemRecord[];
  period_start: number;
  period_end: number;
  cancel_at: number | null;
  cancel_at_period_end: boolean;
  canceled_at: number | null;
  ended_at: number | null;
  cancellation_details: { comment: string | null; feedback: string | null; reason: string | null };
  default_payment_method: string | null;
  description: string | null;
  latest_invoice: string | null;
  metadata: Metadata;
  pause_collection: { behavior: string; resumes_at: number | null } | null;
  schedule: string | null;
  trial_start: number | null;
  trial_end: number | null;
  trial_settings: { billing_cycle_anchor: 'now' | 'unchanged' | null; missing_payment_method: string };
  pending_update: PendingUpdateRecord | null;
  /** The discount of the subscription's invoices; absent or null = none. */
  discount?: string | null;
  /** Stripe Tax computes the tax of the subscription's invoices. */
  automatic_tax?: boolean;
  /** Proration lines that wait for the next invoice. */
  pending_lines: LineRecord[];
  /** Ends of the periods whose notices were sent, so that each notice is sent once. */
  noticed: { trial_will_end?: number; upcoming?: number };
}

export interface LineRecord {
  id: string;
  amount: number;
  description: string;
  period: { start: number; end: number };
  price: string;
  quantity: number;
  proration: boolean;
  subscription_item: string;
  /** The discounted amount, with the sign of `amount`. */
  discounted?: number;
}

/** Tax that Stripe Tax computed for an invoice. The total includes the tax, because local prices include it. */
export interface TaxRecord {
  country: string | null;
  percentage: number;
  reason: 'standard_rated' | 'reverse_charge' | 'not_collecting';
}

interface InvoicePaymentRecord {
  id: string;
  payment_intent: string;
  amount: number;
  status: 'open' | 'paid' | 'canceled';
  created: number;
  paid_at: number | null;
  canceled_at: number | null;
}

export interface InvoiceRecord {
  id: string;
  number: string | null;
  customer: string;
  subscription: string | null;
  subscription_metadata: Metadata;
  proration_date: number | null;
  status: 'draft' | 'open' | 'paid' | 'uncollectible' | 'void';
  billing_reason: string;
  currency: string;
  created: number;
  period_start: number;
  period_end: number;
  lines: LineRecord[];
  attempt_count: number;
  attempted: boolean;
  auto_advance: boolean;
  next_payment_attempt: number | null;
  automatically_finalizes_at: number | null;
  /** The discount that reduced the invoice's lines. */
  discount?: string | null;
  tax?: TaxRecord | null;
  starting_balance: number;
  ending_balance: number | null;
  amount_paid: number;
  payment: InvoicePaymentRecord | null;
  finalized_at: number | null;
  paid_at: number | null;
  voided_at: number | null;
  marked_uncollectible_at: number | null;
  metadata: Metadata;
}

export interface PaymentFailureRecord {
  code: string;
  decline_code: string | null;
  message: string;
}

export interface PaymentIntentRecord {
  id: string;
  amount: number;
  currency: string;
  customer: string;
  /** Null for a payment without an invoice. */
  invoice: string | null;
  metadata?: Metadata;
  payment_method: string | null;
  status: 'canceled' | 'processing' | 'requires_action' | 'requires_payment_method' | 'succeeded';
  /** URL that the bank's page leads back to, from the payment's confirmation. */
  return_url?: string;
  created: number;
  canceled_at: number | null;
  charge: string | null;
  error: PaymentFailureRecord | null;
}

export interface ChargeRecord {
  id: string;
  amount: number;
  amount_refunded: number;
  currency: string;
  customer: string;
  payment_intent: string;
  payment_method: string;
  status: 'failed' | 'pending' | 'succeeded';
  error: PaymentFailureRecord | null;
  created: number;
  disputed?: boolean;
  metadata?: Metadata;
}

export interface RefundRecord {
  id: string;
  amount: number;
  currency: string;
  charge: string;
  customer: string;
  payment_intent: string;
  reason: string | null;
  metadata: Metadata;
  created: number;
}

export interface SetupIntentRecord {
  id: string;
  customer: string | null;
  payment_method: string | null;
  status: 'requires_payment_method' | 'succeeded';
  metadata: Metadata;
  created: number;
}

export interface SessionRecord {
  id: string;
  mode: 'payment' | 'subscription' | 'setup';
  status: 'open' | 'complete' | 'expired';
  payment_status: 'paid' | 'unpaid' | 'no_payment_required';
  customer: string | null;
  customer_email: string | null;
  client_reference_id: string | null;
  currency: string | null;
  line_items: { id: string; price: string; quantity: number }[];
  success_url: string;
  cancel_url: string | null;
  expires_at: number;
  created: number;
  metadata: Metadata;
  locale: string | null;
  subscription_data: Json;
  /** Only in a session of `mode: payment`. */
  payment_data?: Json;
  payment_intent?: string;
  automatic_tax?: boolean;
  collects_tax_id?: boolean;
  /** Whether a session of `mode: payment` creates an invoice. */
  invoice_creation?: boolean;
  /** The promotion code applied on the page. */
  promotion_code?: string | null;
  /** Parameters that are only returned as sent. */
  echoed: Json;
  subscription: string | null;
  invoice: string | null;
  setup_intent: string | null;
  payment_method: string | null;
  amount_total: number | null;
  /** The card whose bank challenge is pending. */
  challenge: CardInput | null;
  /** The subscription that stays `incomplete` while its first payment waits for the bank. */
  begun: string | null;
  last_error: string | null;
}

export interface CardInput {
  number: string;
  exp_month: number;
  exp_year: number;
  name: string | null;
  email: string | null;
  /** Business details typed beside the card. */
  business?: { name: string | null; address: Json | null; taxId: string | null };
}

export interface PhaseRecord {
  start_date: number;
  end_date: number;
  items: { price: string; quantity: number; metadata: Metadata }[];
  proration_behavior: string;
  metadata: Metadata;
}

export interface ScheduleRecord {
  id: string;
  customer: string;
  subscription: string | null;
  status: 'active' | 'canceled' | 'completed' | 'not_started' | 'released';
  phases: PhaseRecord[];
  /** Index of the current phase; null before the first phase and after the last one. */
  phase: number | null;
  end_behavior: 'release' | 'cancel';
  currency: string;
  metadata: Metadata;
  created: number;
  canceled_at: number | null;
  completed_at: number | null;
  released_at: number | null;
  released_subscription: string | null;
}
