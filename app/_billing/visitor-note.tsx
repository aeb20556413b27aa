import { TestPayments } from '../_offers/notes';
import { webContext } from '../_server/context';

/** The note about test payments beside prices, for visitors with and without a sign-in. */
export const VisitorNote = () => (webContext().ctx.payments?.test ? <TestPayments /> : null);
