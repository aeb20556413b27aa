import { answerBank } from '../invoices/confirm';
import { challengePage } from './challenge';
import type { PageAnswer, PageCall } from './handle';

/** `/challenge/:intent`: a bank's challenge for one payment. The customer's answer leads back to the shop. */
export function bankPage({ world, id, form }: PageCall): PageAnswer {
  const intent = world.need('paymentIntents', id, 'payment_intent');
  if (form) return { to: answerBank(world, id, form.get('result') === 'complete') };
  if (intent.status !== 'requires_action') return { to: answerBank(world, id, false) };
  return { html: challengePage(`/challenge/${id}`, intent.amount, intent.currency) };
}
