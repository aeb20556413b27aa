import type { OwnPack } from './offer-shapes';

export type Money = { amount: number; currency: string };
export type PaymentState = 'none' | 'ok' | 'past_due' | 'unpaid' | 'incomplete' | 'processing' | 'paused';

export type BillingSummary = {
  /** The plan in force. */
  plan: { id: string; name: string };
  ownPlan: { id: string; name: string };
  /** The subscription's status at Stripe; null without a live subscription. */
  status: string | null;
  /** The plan that is paid for; null without a live subscription, or while its price is unknown. */
  paidPlan: { id: string; name: string } | null;
  periodStart: string | null;
  periodEnd: string | null;
  /** The next charge and its time; null when there is none. */
  nextCharge: (Money & { at: string }) | null;
  /** A change that is not yet in force: another plan, or the own plan after a cancellation. */
  scheduledChange: { planId: string; name: string; at: string; kind: 'downgrade' | 'cancellation' } | null;
  pendingChange: PendingChange | null;
  /** Packs that have not expired, in the order of use. */
  packs: OwnPack[];
  payment: {
    state: PaymentState;
    /** The amount due on an open invoice. */
    due: Money | null;
    nextAttemptAt: string | null;
    /** How long the plan is kept after a failed payment. */
    keepsPlanUntil: string | null;
    card: { brand: string; last4: string; expires: string } | null;
    /** The next charge, when the card expires before it; null while it does not. */
    chargeAfterExpiry: string | null;
  };
  trial: { available: boolean; used: boolean };
  /** False without a key of the payment provider: nothing is for sale. */
  paymentsSetUp: boolean;
  testPayments: boolean;
  /** Only owners change billing. */
  mayChange: boolean;
};

/** A larger plan that the bank must confirm first; nothing changes before. */
type PendingChange = {
  planId: string;
  name: string;
  /** The page where the payment is confirmed. */
  url: string;
  /** When the pending change expires. */
  expiresAt: string;
};
