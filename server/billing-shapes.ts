export type Money = { amount: number; currency: string };
export type PaymentState = 'none' | 'ok' | 'past_due' | 'unpaid' | 'incomplete' | 'processing' | 'paused';

export type BillingSummary = {
  /** The plan in force. */
  plan: { id: string; name: string };
  ownPlan: { id: string; name: string };
  /** The subscription's status as Stripe says it; null without a subscription that lives. */
  status: string | null;
  /** The plan that is paid for; null without a subscription that lives, or while its price is unknown. */
  paidPlan: { id: string; name: string } | null;
  periodStart: string | null;
  periodEnd: string | null;
  /** What is charged next and when; null when nothing will be. */
  nextCharge: (Money & { at: string }) | null;
  /** A change decided on and not yet in force: another plan, or the own plan after a cancellation. */
  scheduledChange: { planId: string; name: string; at: string; kind: 'downgrade' | 'cancellation' } | null;
  pendingChange: PendingChange | null;
  payment: {
    state: PaymentState;
    /** What an open invoice asks for. */
    due: Money | null;
    nextAttemptAt: string | null;
    /** Until when a failed payment keeps the plan. */
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

/** A bigger plan that the bank has to confirm; until then nothing is changed. */
type PendingChange = {
  planId: string;
  name: string;
  /** The page where it is confirmed. */
  url: string;
  /** When it is taken back by itself. */
  expiresAt: string;
};
