import { describe, expect, it } from 'vitest';
import { chargeAfterExpiry } from './card-expiry';

const at = (text: string) => Date.parse(text);
const card = (expires: string) => ({ brand: 'visa', last4: '4242', expires });
const living = { status: 'active', periodEnd: at('2026-12-01T00:00:00Z'), cancelAt: null };

describe('a card that expires', () => {
  it.each([
    [
      '11/26',
      '2026-11-02T00:00:00Z',
      '2026-12-01T00:00:00Z',
      'its last month is this one, and the charge is after it',
    ],
    ['12/26', '2026-11-02T00:00:00Z', null, 'it still pays the next charge'],
    ['10/26', '2026-11-02T00:00:00Z', '2026-12-01T00:00:00Z', 'it has expired already'],
    ['01/30', '2026-11-02T00:00:00Z', null, 'it lasts'],
  ])('BILLING-90 %s is told on %s: %s (%s)', (expires, now, charge, _why) => {
    expect(chargeAfterExpiry(card(expires), living, at(now))).toBe(charge && at(charge));
  });

  it('BILLING-90 is told 30 days before it expires where the next charge is far, and never where none comes', () => {
    const yearly = { ...living, periodEnd: at('2027-10-12T00:00:00Z') };
    expect(chargeAfterExpiry(card('03/27'), yearly, at('2027-02-28T23:59:00Z'))).toBeNull();
    expect(chargeAfterExpiry(card('03/27'), yearly, at('2027-03-02T00:00:00Z'))).toBe(yearly.periodEnd);
    expect(
      chargeAfterExpiry(card('11/26'), { ...living, cancelAt: living.periodEnd }, at('2026-11-20T00:00:00Z')),
    ).toBeNull();
    expect(
      chargeAfterExpiry(card('11/26'), { ...living, status: 'canceled' }, at('2026-11-20T00:00:00Z')),
    ).toBeNull();
    expect(chargeAfterExpiry(null, living, at('2026-11-20T00:00:00Z'))).toBeNull();
    expect(chargeAfterExpiry(card('11/26'), null, at('2026-11-20T00:00:00Z'))).toBeNull();
  });
});
