/** What there is to write about, and the facts each email needs. Instants are ISO-8601 text, money is in minor units. */
export type MailFacts = {
  'quota.threshold': {
    threshold: number;
    /** What is used, as it was when the email was written; older rows have none. */
    percent?: number | null;
    planName: string;
    period: string;
  };
  'session.stopped': { sessionName: string };
  'plan.changed': { from: string; to: string };
  'payment.failed': {
    amount: number;
    currency: string;
    nextAttemptAt: string | null;
    keepsPlanUntil: string | null;
  };
  /** A subscription whose payment failed is over, by its owner or by the provider. */
  'subscription.ended': { planName: string; to: string; owed: { amount: number; currency: string } | null };
  'payment.refunded': { amount: number; currency: string };
  'pack.bought': { name: string; amount: number; currency: string; endsAt: string };
  /** Money of a pack went back, or its payment is disputed. */
  'pack.reduced': {
    name: string;
    refunded: number;
    currency: string;
    disputed: boolean;
    /** True when nothing of it is left. */
    isOver: boolean;
  };
  'subscription.cancelled': { planName: string; endsAt: string };
};

export type MailKind = keyof MailFacts;

/** News that a person may refuse; all others belong to the contract and are always sent. */
export const isNews = (kind: MailKind): boolean => kind === 'quota.threshold';
