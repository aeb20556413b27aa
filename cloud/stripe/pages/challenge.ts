import { formatMoney } from '../invoices/money';
import { html, page } from './layout';

/** Returns the page of a bank's challenge, with a button for each answer. */
export function challengePage(action: string, amount: number | null, currency: string | null): string {
  const what = amount
    ? `Confirm the payment of ${formatMoney(amount, currency ?? 'usd')}.`
    : 'Confirm that the card is yours.';
  return page(
    'Confirm with your bank',
    html`<section><h1>Confirm with your bank</h1><p>${what}</p><p class="soft">Stands for the 3D Secure page of a real bank.</p></section>
<section><form method="post" action="${action}"><div class="choices"><button name="result" value="complete">Complete</button><button class="quiet" name="result" value="fail">Fail</button></div></form></section>`,
  );
}
