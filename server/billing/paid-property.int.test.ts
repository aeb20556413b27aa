import type Stripe from 'stripe';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readAccount } from '@/server/quota/load-account';
import { monthSeconds } from '@/server/quota/paid-quota';
import { monthAround, monthOf } from '@/server/quota/period';
import { BillingWorld, FAILS_LATER, GOOD, type Person } from '@/test/billing';
import { type Chance, chanceOf } from '@/test/simulation/events';
import { cancelSubscription } from './cancel';
import { changePlan } from './change-plan';
import { resumeSubscription } from './resume';

/** Random histories of one account each, compared with the money that the local Stripe has kept. */

const HISTORIES = Number(process.env.PAID_HISTORIES ?? 10);
const STEPS = 14;
const PLANS = ['starter', 'pro', 'max'] as const;
const HOURS: Record<string, number> = { starter: 40, pro: 80, max: 160 };
const PRICE: Record<string, number> = { starter: 900, pro: 1900, max: 3900 };
const OWN = 4 * 3600;
const GRACE_MS = 72 * 3_600_000;

let b: BillingWorld;
beforeAll(async () => {
  b = await BillingWorld.open('2027-01-05T09:30:00Z');
});
afterAll(() => b.close());

const moreOf = (planId: string): number => (HOURS[planId] ?? 0) * 3600 - OWN;
const now = (): number => b.world.clock.now();

/** The actions of users, cards and operators. A refusal is a valid result. */
const ACTS: ((person: Person, chance: Chance) => Promise<unknown>)[] = [
  async (person, chance) => b.pay(await b.openPage(person, chance.pick(PLANS))),
  async (person, chance) => changePlan(b.ctx, { ...person, planId: chance.pick(PLANS) }),
  async (person, chance) => changePlan(b.ctx, { ...person, planId: chance.pick(PLANS) }),
  async (person, chance) =>
    chance.hit(0.4) ? cancelSubscription(b.ctx, person) : resumeSubscription(b.ctx, person),
  async (person, chance) => card(person, chance.hit(0.6) ? FAILS_LATER : GOOD),
  async (person) => {
    const open = (await b.invoicesOf(person)).find(({ status }) => status === 'open');
    if (open) await b.bench.control(`invoices/${open.id}/pay`, { card: GOOD });
  },
  async (person, chance) => {
    const charge = (await b.chargesOf(person))[0];
    const left = charge ? charge.amount - charge.amount_refunded : 0;
    if (!charge || left === 0 || !chance.hit(0.4)) return;
    await b.bench.stripe.refunds.create({ charge: charge.id, amount: chance.between(1, left) });
  },
];

const card = async (person: Person, number: string): Promise<unknown> =>
  b.bench.control(`customers/${await b.customerOf(person)}/card`, { card: number });

/** Moves to a random instant, sometimes to the very end of a month. */
async function moveOn(chance: Chance): Promise<void> {
  const { endAt } = monthAround(now());
  const edge = chance.hit(0.35)
    ? endAt + chance.pick([-86_400_000, -3_600_000, -1_000, 0, 1_000, 7_200_000])
    : 0;
  const at = edge > now() ? edge : now() + chance.between(1, 12 * 86_400) * 1000;
  await b.moveTo(new Date(at).toISOString());
}

type Line = { planId: string; cents: number; from: number; to: number };

/** Returns the money kept for each line of the paid invoices of a subscription. */
async function moneyOf(person: Person, subscription: string): Promise<Line[]> {
  const charges = await b.chargesOf(person);
  const customer = await b.customerOf(person);
  const { data } = await b.bench.stripe.invoices.list({
    customer,
    status: 'paid',
    limit: 100,
    expand: ['data.payments'],
  });
  const prices = await b.ctx.sql<{ id: string; plan_id: string }[]>`
    select stripe_price_id as id, plan_id from plan_price`;
  const planOf = new Map(prices.map(({ id, plan_id }) => [id, plan_id]));
  return data
    .filter(({ parent }) => parent?.subscription_details?.subscription === subscription)
    .flatMap((invoice) => {
      const intents = invoice.payments?.data.map(({ payment }) => payment.payment_intent) ?? [];
      const back = charges
        .filter(({ payment_intent }) => intents.includes(payment_intent as string))
        .reduce((sum, charge) => sum + charge.amount_refunded, 0);
      const paid = Math.max(0, invoice.amount_paid - Math.max(0, invoice.starting_balance));
      const kept = invoice.amount_paid > 0 ? paid * (1 - back / invoice.amount_paid) : 0;
      const part = invoice.total > 0 ? Math.min(1, kept / invoice.total) : 1;
      return invoice.lines.data.map((line) => ({
        planId: planOf.get(String(line.pricing?.price_details?.price)) ?? '',
        cents: line.amount * part,
        from: line.period.start * 1000,
        to: line.period.end * 1000,
      }));
    });
}

/** Returns the seconds that money buys in a month at each plan's price, and the tolerance for rounding to the cent. */
function boughtIn(lines: Line[], at: number): { seconds: number; slack: number } {
  const { startAt, endAt } = monthAround(at);
  let [seconds, slack] = [0, 1];
  for (const { planId, cents, from, to } of lines) {
    const overlap = Math.max(0, Math.min(to, endAt) - Math.max(from, startAt));
    if (overlap === 0) continue;
    const perCent = moreOf(planId) / (PRICE[planId] ?? 1);
    seconds += cents * perCent * (overlap / (to - from));
    slack += perCent;
  }
  return { seconds, slack };
}

const isPaying = ({ status }: Stripe.Subscription): boolean => status === 'active' || status === 'past_due';

/** Returns the difference between this month's quota and the money; empty when they agree. */
async function complaint(person: Person): Promise<string> {
  const state = await readAccount(b.ctx.sql, person.accountId);
  const granted = (monthSeconds(state, monthOf(state.now)) ?? 0) - OWN;
  const living = (await b.subscriptionsOf(person)).find(isPaying);
  if (!living) return granted === 0 ? '' : `${granted} s without a subscription`;
  const lines = await moneyOf(person, living.id);
  const { seconds, slack } = boughtIn(lines, state.now);
  const paidTo = Math.max(0, ...lines.filter(({ cents }) => cents >= 0).map(({ to }) => to));
  const isUnpaid = paidTo <= state.now;
  const { startAt, endAt } = monthAround(state.now);
  // An unpaid month may add the grace of its largest plan, and nothing after it.
  const grace = isUnpaid ? (moreOf('max') * GRACE_MS) / (endAt - startAt) : 0;
  const isOver = living.status === 'past_due' && state.now >= paidTo + GRACE_MS;
  const about = `${granted} s granted, ${seconds.toFixed(1)} s paid (±${slack.toFixed(0)}, ${living.status})`;
  if (granted > seconds + slack + grace) return `too much: ${about}`;
  if (!isOver && granted < seconds - slack) return `too little: ${about}`;
  return '';
}

it(`QUOTA-75 ${HISTORIES} random histories of payments grant what the money that was kept buys, to the second and the cent`, {
  timeout: 600_000,
}, async () => {
  let changes = 0;
  for (let seed = 1; seed <= HISTORIES; seed++) {
    const chance = chanceOf(seed);
    const person = await b.person();
    await b.pay(await b.openPage(person, chance.pick(PLANS)));
    for (let step = 0; step < STEPS; step++) {
      await b.sync(person);
      expect(await complaint(person), `seed ${seed}, step ${step}, ${new Date(now()).toISOString()}`).toBe(
        '',
      );
      await moveOn(chance);
      await b.sync(person);
      expect(await complaint(person), `seed ${seed}, moved ${step}, ${new Date(now()).toISOString()}`).toBe(
        '',
      );
      await chance
        .pick(ACTS)(person, chance)
        .then(
          () => (changes += 1),
          () => null,
        );
    }
  }
  expect(changes).toBeGreaterThan(HISTORIES * 4);
});
