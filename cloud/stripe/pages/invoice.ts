import { cardFault } from '../checkout/checkout-pay';
import { attachCard } from '../customers/payment-methods';
import { formatDay, formatMoney } from '../invoices/money';
import { methodFor, payInvoice } from '../invoices/payments';
import type { InvoiceRecord } from '../store/billing-records';
import { behaviourOf } from '../store/cards';
import { amountDue } from '../store/invoice-sums';
import type { World } from '../store/world';
import { change } from '../webhooks/events';
import { cardFields, cardHelp, readCard } from './card-form';
import { challengePage } from './challenge';
import type { PageAnswer, PageCall } from './handle';
import { errorBox, type Html, html, page } from './layout';

/** `/i/:id`: an invoice, with a form to pay it with another card. */
export function invoicePage(call: PageCall): PageAnswer {
  const { world, id, part, form } = call;
  const invoice = world.need('invoices', id, 'invoice');
  if (part === 'challenge') return answerChallenge(call, invoice);
  if (!form || !isPayable(invoice)) return { html: show(world, invoice, new URLSearchParams(), null) };
  const card = readCard(form, null);
  if (typeof card === 'string') return { html: show(world, invoice, form, card), status: 422 };
  const fault = cardFault(card, world.now(invoice.customer)) ?? behaviourOf(card.number)?.declines?.message;
  if (fault) return { html: show(world, invoice, form, fault), status: 402 };
  keep(world, invoice, attachCard(world, invoice.customer, card));
  if (behaviourOf(card.number)?.challenge !== 'never') return { to: `/i/${id}/challenge` };
  return pay(world, invoice, false);
}

/** Returns whether an invoice can be paid: also after its subscription ended or it was written off, not once voided. */
const isPayable = ({ status }: Readonly<InvoiceRecord>) => status === 'open' || status === 'uncollectible';

/** Makes the card that pays the subscription's default. */
function keep(world: World, invoice: Readonly<InvoiceRecord>, method: string): void {
  if (!invoice.subscription) return;
  change(world, 'subscriptions', invoice.subscription, 'customer.subscription.updated', (record) => {
    record.default_payment_method = method;
  });
}

function pay(world: World, invoice: Readonly<InvoiceRecord>, confirmed: boolean): PageAnswer {
  const outcome = payInvoice(world, invoice.id, { manual: true, confirmed });
  if (outcome.paid) return { to: `/i/${invoice.id}` };
  return { html: show(world, invoice, new URLSearchParams(), outcome.failure.message), status: 402 };
}

function answerChallenge({ world, id, form }: PageCall, invoice: Readonly<InvoiceRecord>): PageAnswer {
  if (!isPayable(invoice) || !methodFor(world, invoice)) return { to: `/i/${id}` };
  if (!form) return { html: challengePage(`/i/${id}/challenge`, amountDue(invoice), invoice.currency) };
  if (form.get('result') === 'complete') return pay(world, invoice, true);
  return {
    html: show(world, invoice, new URLSearchParams(), 'The bank did not confirm the payment.'),
    status: 402,
  };
}

function show(
  world: World,
  invoice: Readonly<InvoiceRecord>,
  values: URLSearchParams,
  error: string | null,
): string {
  const title = `Invoice ${invoice.number ?? ''}`.trim();
  return page(
    title,
    html`<section><h1>${title}</h1><p class="amount">${formatMoney(amountDue(invoice), invoice.currency)}</p><p class="soft">${state(invoice)}</p><dl>${invoice.lines.map(
      (line) => html`<dt>${line.description}</dt><dd>${formatMoney(line.amount, invoice.currency)}</dd>`,
    )}<dt class="total">Amount due</dt><dd class="total">${formatMoney(amountDue(invoice), invoice.currency)}</dd></dl><p><a href="/i/${invoice.id}/pdf">Download as PDF</a></p></section>${isPayable(invoice) && payForm(world, invoice, values, error)}`,
  );
}

function state(invoice: Readonly<InvoiceRecord>): string {
  if (invoice.status === 'paid') return `Paid on ${formatDay(invoice.paid_at ?? invoice.created)}`;
  if (invoice.status === 'open') return `Due since ${formatDay(invoice.finalized_at ?? invoice.created)}`;
  return invoice.status === 'void' ? 'Void: nothing is due' : invoice.status;
}

function payForm(
  world: World,
  invoice: Readonly<InvoiceRecord>,
  values: URLSearchParams,
  error: string | null,
): Html {
  const held = methodFor(world, invoice);
  const asks =
    held && behaviourOf(world.need('paymentMethods', held, 'PaymentMethod').number)?.challenge === 'always';
  return html`<section><h2>Pay now</h2>${asks && html`<p><a class="button" href="/i/${invoice.id}/challenge">Confirm the saved card</a></p>`}<form method="post" action="/i/${invoice.id}">${errorBox(error)}${cardFields(values)}<button type="submit">Pay ${formatMoney(amountDue(invoice), invoice.currency)}</button>${cardHelp()}</form></section>`;
}
