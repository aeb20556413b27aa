import { createHash } from 'node:crypto';
import type { PaymentFailureRecord } from './billing-records';

export interface CardBehaviour {
  brand: string;
  country: string;
  funding: string;
  /** Why the card cannot be saved or charged for the first time with the customer present; null = it can. */
  declines: PaymentFailureRecord | null;
  /** Why a later charge fails; null = the charge succeeds. */
  failsLater: PaymentFailureRecord | null;
  /** `once`: the customer confirms when the card is saved. `always`: at each payment, so that later charges fail. */
  challenge: 'never' | 'once' | 'always';
}

const decline = (code: string, decline_code: string, message: string): PaymentFailureRecord => ({
  code,
  decline_code,
  message,
});
const generic = decline('card_declined', 'generic_decline', 'Your card was declined.');
const fund = decline('card_declined', 'insufficient_funds', 'Your card has insufficient funds.');
const expired = decline('expired_card', 'expired_card', 'Your card has expired.');
const cvc = decline('incorrect_cvc', 'incorrect_cvc', "Your card's security code is incorrect.");
const processing = decline(
  'processing_error',
  'processing_error',
  'An error occurred while processing your card. Try again in a little bit.',
);

/** The failure of a payment that the customer did not confirm. */
export const needsOwner = decline(
  'authentication_required',
  'authentication_required',
  'Your card was declined. This transaction requires authentication.',
);

const good: CardBehaviour = {
  brand: 'visa',
  country: 'US',
  funding: 'credit',
  declines: null,
  failsLater: null,
  challenge: 'never',
};
const declining = (failure: PaymentFailureRecord) => ({ ...good, declines: failure, failsLater: failure });

/** The published test numbers and their behaviour. */
export const TEST_CARDS: Record<string, CardBehaviour & { about: string }> = {
  '4242424242424242': { ...good, about: 'succeeds' },
  '5555555555554444': { ...good, brand: 'mastercard', about: 'succeeds (Mastercard)' },
  '378282246310005': { ...good, brand: 'amex', about: 'succeeds (American Express)' },
  '4000002760000016': { ...good, country: 'DE', about: 'succeeds (German Visa)' },
  '4000000000000341': { ...good, failsLater: generic, about: 'can be saved, later charges fail' },
  '4000002500003155': { ...good, challenge: 'once', about: 'asks for confirmation (3D Secure) once' },
  '4000000000003220': { ...good, challenge: 'once', about: 'asks for confirmation (3D Secure 2)' },
  '4000002760003184': { ...good, challenge: 'always', about: 'asks for confirmation at every payment' },
  '4000000000000002': { ...declining(generic), about: 'is declined' },
  '4000000000009995': { ...declining(fund), about: 'is declined: insufficient funds' },
  '4000000000000069': { ...declining(expired), about: 'is declined: expired' },
  '4000000000000127': { ...declining(cvc), about: 'is declined: wrong security code' },
  '4000000000000119': { ...declining(processing), about: 'is declined: processing error' },
};

/** Card numbers of ready-made payment methods, by their documented names. */
export const NAMED_CARDS: Record<string, string> = {
  visa: '4242424242424242',
  mastercard: '5555555555554444',
  amex: '378282246310005',
  chargeCustomerFail: '4000000000000341',
  visa_chargeCustomerFail: '4000000000000341',
  authenticationRequired: '4000002760003184',
  authenticationRequiredOnSetup: '4000002500003155',
  threeDSecure2Required: '4000000000003220',
  chargeDeclined: '4000000000000002',
  visa_chargeDeclined: '4000000000000002',
  chargeDeclinedInsufficientFunds: '4000000000009995',
  visa_chargeDeclinedInsufficientFunds: '4000000000009995',
  chargeDeclinedExpiredCard: '4000000000000069',
};

/** Account number of a bank debit. Its money arrives days later, or the debit is returned. */
export const TEST_DEBIT = 'AT611904300234573201';
export const isDebit = (number: string): boolean => number === TEST_DEBIT;

/** Returns a card's behaviour, or undefined for a number that is not a test card. */
export function behaviourOf(number: string): CardBehaviour | undefined {
  return isDebit(number) ? good : TEST_CARDS[number];
}

/** Returns a fingerprint that is equal for equal cards, like real Stripe's. */
export function fingerprintOf(number: string): string {
  return createHash('sha256').update(`card ${number}`).digest('base64url').slice(0, 16);
}
