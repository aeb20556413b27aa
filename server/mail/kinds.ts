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
  'subscription.cancelled': {
    planName: string;
    endsAt: string;
    /** It ends later than the period that is paid, and is charged until then. */
    isRenewed?: boolean;
  };
  'card.expiring': { last4: string; expires: string; chargeAt: string };
};

export type MailKind = keyof MailFacts;

/** News that a person may refuse; all others belong to the contract and are always sent. */
export const isNews = (kind: MailKind): boolean => kind === 'quota.threshold';
