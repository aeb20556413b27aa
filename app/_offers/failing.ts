import type { BillingSummary } from '@/server/shapes';

/** True while a subscription lives and is not paid for: cancelled then, it ends at once. */
export const isFailing = ({ payment }: Pick<BillingSummary, 'payment'>): boolean =>
  payment.state !== 'ok' && payment.state !== 'none';
