import { webContext } from '../_server/context';
import { TestPayments } from './notes';

/** The same note beside prices that are shown to anybody, signed in or not. */
export const VisitorNote = () => (webContext().ctx.payments?.test ? <TestPayments /> : null);
