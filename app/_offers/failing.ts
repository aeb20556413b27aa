import type { BillingSummary } from '@/server/shapes';

/** Returns whether a living subscription is unpaid; such a subscription ends at once when it is cancelled. */
export const isFailing = ({ payment }: Pick<BillingSummary, 'payment'>): boolean =>
  payment.state !== 'ok' && payment.state !== 'none';
