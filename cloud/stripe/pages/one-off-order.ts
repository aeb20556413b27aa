import { formatMoney } from '../invoices/money';
import { productName } from '../invoices/proration';
import type { SessionRecord } from '../store/billing-records';
import { priceAmount } from '../store/price-amount';
import type { World } from '../store/world';
import { type Html, html } from './layout';

/** Returns the items of a one-off payment and their price. */
export function oneOffOrder(world: World, session: Readonly<SessionRecord>): Html {
  const currency = session.currency ?? 'usd';
  const due = formatMoney(session.amount_total ?? 0, currency);
  const lines = session.line_items.map((item) => {
    const amount = priceAmount(world.need('prices', item.price, 'price'), currency) * item.quantity;
    return { name: productName(world, item), amount: formatMoney(amount, currency) };
  });
  return html`<h1>Pay for ${lines.map((line) => line.name).join(', ')}</h1>
<p class="amount" data-amount-due="${session.amount_total ?? 0}">${due}</p><p class="soft">due today</p>
<dl>${lines.map((line) => html`<dt>${line.name}</dt><dd>${line.amount}</dd>`)}<dt class="total">Due today</dt><dd class="total">${due}</dd></dl>
<p class="soft">You pay once. Nothing is charged later.</p>`;
}
