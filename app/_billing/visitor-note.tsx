import { TestPayments } from '../_offers/notes';
import { webContext } from '../_server/context';

/** The same note beside prices that are shown to anybody, signed in or not. */
export const VisitorNote = () => (webContext().ctx.payments?.test ? <TestPayments /> : null);
