import type { Instant } from '../clock';
import type { EndReason, SessionStatus } from '../shapes';

/**
 * How long a start may be on its way to the provider. Until then nobody else concludes that its machine is missing;
 * after it, a start whose web process died is looked up, adopted or given up.
 */
export const LAUNCH_LIMIT_MS = 30_000;

/** A run as the timekeeper reads it, outside any lock: good for choosing what to do, never for deciding on quota. */
export type RunRow = {
  id: string;
  account_id: string;
  session_id: string;
  status: SessionStatus;
  machine_id: string | null;
  admitted_at: Instant;
  started_at: Instant | null;
  lease_until: Instant;
  stop_requested_at: Instant | null;
  end_reason: EndReason | null;
  missing_since: Instant | null;
  attempts: number;
  ended_at: Instant | null;
  now: Instant;
};
