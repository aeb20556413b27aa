import type { Ctx } from '@/server/context';
import { type Agenda, type Chance, chanceOf } from './events';
import type { Rules } from './rules';

type Bought = {
  paymentId: string;
  seconds: number;
  refunded: number;
  disputed: boolean;
  boughtAt: number;
  endsAt: number;
  /** The most that was used and held at any refund or dispute: the charged time may stay that high. */
  floorMs: number;
};

/** Runs an action on packs now, with the rules of the history. */
export type PackAct = (work: (rules: Rules, ctx: Ctx, at: number) => Promise<void>) => Promise<void>;

/** The price of a pack, in cents: refunding one cent takes back a hundredth of its time. */
const AMOUNT = 100;

/** The packs bought and refunded in a history, and the time they are worth, computed without the product's rules. */
export class SimPacks {
  private readonly bought: Bought[] = [];
  private readonly chance: Chance;
  private readonly isBuyer: boolean;

  constructor(
    private readonly seed: number,
    private readonly accountId: string,
  ) {
    // A random source of its own keeps the histories without packs unchanged.
    this.chance = chanceOf(seed + 1_000_000);
    this.isBuyer = seed % 4 >= 2;
  }

  /** Schedules purchases, refunds and disputes between two instants. */
  plan(agenda: Agenda, act: PackAct, from: number, until: number): void {
    if (!this.isBuyer) return;
    for (let at = from + 1_000; at < until; at += this.chance.between(10_000, 90_000)) {
      agenda.add(at, 'pack', () => act((rules, ctx, now) => this.change(rules, ctx, now)));
    }
  }

  private async change(rules: Rules, ctx: Ctx, at: number): Promise<void> {
    const { chance } = this;
    const one = this.bought.length > 0 && chance.hit(0.4) ? chance.pick(this.bought) : this.buy(at);
    const isNew = one.floorMs < 0;
    if (!isNew) {
      if (chance.hit(0.15)) one.disputed = true;
      else one.refunded = chance.between(one.refunded, AMOUNT);
    }
    const { paymentId, seconds, refunded, disputed, boughtAt } = one;
    const paid = { amount: AMOUNT, currency: 'usd', boughtAt };
    await rules.applyPack(ctx, this.accountId, {
      paymentId,
      packId: 'pack10',
      seconds,
      refunded,
      disputed,
      ...paid,
    });
    // Read after the change: another process may grant a slice until then, and not afterwards. What was granted before
    // stays granted, even when part of the pack was refunded and a late proof charges the time again.
    one.floorMs = isNew ? 0 : Math.max(one.floorMs, await this.takenMs(ctx, one));
  }

  /** Buys a pack. Some were bought nearly a year ago and end within the history. */
  private buy(at: number): Bought {
    const { chance } = this;
    const endsAt = chance.hit(0.4) ? at + chance.between(5_000, 200_000) : at + 365 * 86_400_000;
    const start = new Date(endsAt);
    const boughtAt = start.setUTCFullYear(start.getUTCFullYear() - 1);
    const paymentId = `pi-${this.seed}-${this.bought.length}`;
    const made = {
      paymentId,
      seconds: chance.between(20, 300),
      refunded: 0,
      disputed: false,
      boughtAt,
      endsAt,
      floorMs: -1,
    };
    this.bought.push(made);
    return made;
  }

  private async takenMs(ctx: Ctx, { paymentId }: Bought): Promise<number> {
    const [row] = await ctx.sql<{ ms: number }[]>`
      select u.used_ms + u.held_ms as ms from pack k join usage_period u on u.account_id = k.account_id and u.period = 'pack:' || k.id
      where k.stripe_payment_id = ${paymentId}`;
    return row?.ms ?? 0;
  }

  /** Compares the books and the reported quota with what was paid. Returns the differences. */
  async complaints(rules: Rules, ctx: Ctx): Promise<string[]> {
    if (this.bought.length === 0) return [];
    const rows = await ctx.sql<
      { id: string; payment: string; used_ms: number; held_ms: number; last: number | null }[]
    >`
      select k.id, k.stripe_payment_id as payment, u.used_ms, u.held_ms,
        (select hg_ms(max(e.to_at)) from usage_entry e where e.account_id = k.account_id and e.period = u.period) as last
      from pack k join usage_period u on u.account_id = k.account_id and u.period = 'pack:' || k.id
      where k.account_id = ${this.accountId}`;
    const problems: string[] = [];
    const { now, quota } = await rules.batchStatus(ctx, this.accountId);
    let most = 0;
    for (const { payment, used_ms, held_ms, last } of rows) {
      const one = this.bought.find(({ paymentId }) => paymentId === payment);
      if (!one) continue;
      const worthMs = one.disputed ? 0 : Math.floor((one.seconds * (AMOUNT - one.refunded)) / AMOUNT) * 1000;
      if (used_ms + held_ms > Math.max(worthMs, one.floorMs))
        problems.push(`${used_ms} + ${held_ms} ms of a pack of ${worthMs} ms`);
      if (last !== null && last > one.endsAt) problems.push('time of a pack was charged past its end');
      if (Date.parse(now) < one.endsAt) most += Math.max(0, worthMs - used_ms);
    }
    if (Math.round(quota.extraSeconds * 1000) > most)
      problems.push(`${quota.extraSeconds} s told of packs of ${most} ms`);
    return problems;
  }
}
