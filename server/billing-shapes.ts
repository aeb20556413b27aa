/** A larger plan that the bank must confirm first; nothing changes before. */
export type PendingChange = {
  planId: string;
  name: string;
  /** The page where the payment is confirmed. */
  url: string;
  /** When the pending change expires. */
  expiresAt: string;
};
