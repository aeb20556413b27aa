/**
 * The meaning of a bank's refusal for the card's owner, by the provider's codes. The provider's own words are only
 * logged.
 */
const SENTENCES: Record<string, string> = {
  insufficient_funds: 'There is not enough money on this card.',
  expired_card: 'This card has expired.',
  incorrect_cvc: 'The security code of this card is wrong.',
  invalid_cvc: 'The security code of this card is wrong.',
  incorrect_number: 'The number of this card is wrong.',
  invalid_number: 'The number of this card is wrong.',
  invalid_expiry_month: 'The expiry date of this card is wrong.',
  invalid_expiry_year: 'The expiry date of this card is wrong.',
  incorrect_zip: 'The postal code does not belong to this card.',
  postal_code_invalid: 'The postal code does not belong to this card.',
  currency_not_supported: 'This card cannot be charged in this currency.',
  card_not_supported: 'This card cannot be charged for purchases like this one.',
  processing_error: 'The bank could not process the payment just now.',
  issuer_not_available: 'The bank of this card cannot be reached just now.',
  try_again_later: 'The bank could not process the payment just now.',
  reenter_transaction: 'The bank could not process the payment just now.',
  withdrawal_count_limit_exceeded: 'This card has reached its limit.',
  card_velocity_exceeded: 'This card has reached its limit.',
};

/** Codes of a bank that requires a confirmation by the card's owner. */
const ASKS = new Set([
  'authentication_required',
  'subscription_payment_intent_requires_action',
  'invoice_payment_intent_requires_action',
  'payment_intent_authentication_failure',
]);

type Codes = { code?: string; decline_code?: string };

/** Returns whether a payment failed only for lack of the owner's confirmation. Pure. */
export const asksBank = ({ code, decline_code }: Codes): boolean =>
  ASKS.has(code ?? '') || ASKS.has(decline_code ?? '');

/** Returns a sentence about a refused card. Pure. */
export const refusalSentence = ({ code, decline_code }: Codes): string =>
  SENTENCES[decline_code ?? ''] ?? SENTENCES[code ?? ''] ?? 'Your bank refused the payment.';
