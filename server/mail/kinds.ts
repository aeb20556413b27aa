/** The kinds of email and the facts each needs. Instants are ISO-8601 text, money is in minor units. */
export type MailFacts = {
  'quota.threshold': {
    threshold: number;
    /** Percent of the quota used when the email was queued; missing in rows queued by older builds. */
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
  /** A subscription ended because its payment failed: by its owner or by the payment provider. */
  'subscription.ended': { planName: string; to: string; owed: { amount: number; currency: string } | null };
  'payment.refunded': { amount: number; currency: string };
  'pack.bought': { name: string; amount: number; currency: string; endsAt: string };
  /** A payment for a pack was refunded or is disputed. */
  'pack.reduced': {
    name: string;
    refunded: number;
    currency: string;
    disputed: boolean;
    /** Whether nothing of the pack is left. */
    isOver: boolean;
  };
  'key.expires': { keyName: string; prefix: string; expiresAt: string };
  'subscription.cancelled': {
    planName: string;
    endsAt: string;
    /** The subscription ends later than the paid period, and is charged until then. */
    isRenewed?: boolean;
  };
  'card.expiring': { last4: string; expires: string; chargeAt: string };
};

export type MailKind = keyof MailFacts;

/** Whether a user may unsubscribe from this kind; all other kinds are always sent. */
export const isNews = (kind: MailKind): boolean => kind === 'quota.threshold';
