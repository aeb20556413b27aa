import type { CardInput } from '../store/billing-records';
import { TEST_CARDS } from '../store/cards';
import { type Html, html } from './layout';

const spaced = (number: string) => number.replace(/(.{4})(?=.)/g, '$1 ');

/** Returns the card's form fields, with the accepted test numbers. */
export function cardFields(values: URLSearchParams): Html {
  const value = (name: string) => values.get(name) ?? '';
  return html`<label>Card number<input name="cardNumber" inputmode="numeric" autocomplete="cc-number" placeholder="4242 4242 4242 4242" required value="${value('cardNumber')}"></label>
<div class="pair"><label>Expiry<input name="cardExpiry" autocomplete="cc-exp" placeholder="MM / YY" required value="${value('cardExpiry')}"></label>
<label>Security code<input name="cardCvc" inputmode="numeric" autocomplete="cc-csc" placeholder="123" required value="${value('cardCvc')}"></label></div>
<label>Name on card<input name="billingName" autocomplete="cc-name" value="${value('billingName')}"></label>`;
}

/** Returns the folded list of test cards and their behaviour. */
export function cardHelp(): Html {
  return html`<details><summary>Test cards</summary><p class="soft">Any date in the future and any three digits.</p><table>${Object.entries(
    TEST_CARDS,
  ).map(
    ([number, card]) => html`<tr><td>${spaced(number)}</td><td>${card.about}</td></tr>`,
  )}</table></details>`;
}

/** Returns the typed card, or an error sentence. */
export function readCard(values: URLSearchParams, email: string | null): CardInput | string {
  const number = (values.get('cardNumber') ?? '').replace(/[\s-]/g, '');
  if (!/^\d{12,19}$/.test(number)) return 'Your card number is incomplete.';
  const expiry = /^\s*(\d{1,2})\s*\/\s*(\d{2}|\d{4})\s*$/.exec(values.get('cardExpiry') ?? '');
  if (!expiry) return 'Write the expiry date as MM / YY.';
  if (!/^\d{3,4}$/.test((values.get('cardCvc') ?? '').trim()))
    return "Your card's security code is incomplete.";
  const year = Number(expiry[2]);
  return {
    number,
    exp_month: Number(expiry[1]),
    exp_year: year < 100 ? 2000 + year : year,
    name: values.get('billingName')?.trim() || null,
    email,
  };
}
