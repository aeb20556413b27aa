import { describe, expect, it } from 'vitest';
import { chooseSubscription, surplusOf } from './choose-subscription';
import type { SubscriptionFacts } from './read-stripe';

/** `id status[@created][*]`; an asterisk marks one made by our checkout. */
const facts = (text: string): SubscriptionFacts => {
  const [, id = '', status = '', created = '0', ours] = /^(\w+) (\w+)(?:@(\d+))?(\*)?$/.exec(text) ?? [];
  const ended = status === 'canceled' || status === 'incomplete_expired';
  return {
    id,
    status,
    ended,
    priceId: id,
    createdAt: Number(created),
    checkoutId: ours ? `c_${id}` : null,
  } as SubscriptionFacts;
};
const rankOf = (priceId: string) => (priceId.startsWith('max') ? 2 : 1);

describe('several subscriptions', () => {
  it.each([
    [['a canceled@1', 'b active@2'], 'b', 0],
    [['a incomplete@3', 'b active@2'], 'b', 1],
    [['a past_due@3', 'b trialing@1'], 'b', 1],
    [['a unpaid@1', 'b paused@2', 'c past_due@3'], 'c', 2],
    [['a active@9', 'max active@1'], 'max', 1],
    [['a active@1', 'b active@2'], 'b', 1],
    [['a dreaming@9', 'b incomplete@1'], 'b', 1],
    [['a canceled@1', 'b canceled@2'], 'b', 0],
    [['a incomplete_expired@2', 'b canceled@1'], 'a', 0],
  ])('BILLING-17 of %j counts %s, beside %i others', (all, id, others) => {
    for (const order of [all, all.toReversed()]) {
      const choice = chooseSubscription(order.map(facts), rankOf);
      expect([choice.chosen?.id, choice.others.length]).toEqual([id, others]);
    }
  });

  it.each([
    [['a active@1*'], []],
    [['a active@1*', 'b active@2*'], ['b']],
    [
      ['a active@1*', 'b active@2*', 'c trialing@3*'],
      ['b', 'c'],
    ],
    [['a active@1', 'b active@2'], []],
    [['a active@1', 'b active@2*'], []],
    [['a canceled@1*', 'b active@2*'], []],
    // The paid one stays, however new.
    [['a past_due@1*', 'b active@2*'], ['a']],
    [
      ['a unpaid@1*', 'b past_due@2*', 'c active@3*'],
      ['b', 'a'],
    ],
    // The older one's first payment never arrived: the paid one stays.
    [['a incomplete@1*', 'b active@2*'], []],
  ])('BILLING-5 of %j one checkout too many made %j', (all, surplus) => {
    expect(surplusOf(all.map(facts)).map((one) => one.id)).toEqual(surplus);
  });
});
