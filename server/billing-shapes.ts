/** A bigger plan that the bank has to confirm; until then nothing is changed. */
export type PendingChange = {
  planId: string;
  name: string;
  /** The page where it is confirmed. */
  url: string;
  /** When it is taken back by itself. */
  expiresAt: string;
};
