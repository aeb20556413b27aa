import type { StoredSubscription } from '@/server/billing/sync/stored-subscription';
import type { Ctx } from '@/server/context';
import type { Chance } from './events';
import type { SimPacks } from './packs';
import type { Rules } from './rules';

type Paid = {
  /** When the plan was bought, in ms, a whole second. */
  boughtAt: number;
  /** False when the amount was too small to be charged. */
  isCharged: boolean;
  isRenewed: boolean;
  status: 'active' | 'past_due' | 'canceled';
};

const KEPT_MS = 72 * 3_600_000;

function monthOf(at: number): { start: number; end: number } {
  const date = new Date(at);
  const [year, month] = [date.getUTCFullYear(), date.getUTCMonth()];
  return { start: Date.UTC(year, month), end: Date.UTC(year, month + 1) };
}

/** The plan an account pays for beside its own, and the quota it gives, computed without the product's rules. */
export class SimPayer {
  private paid: Paid | null = null;

  constructor(
    private readonly planId: string,
    readonly packs: SimPacks,
  ) {}

  /**
   * Makes a purchase, a failed payment, a renewal or an end. Returns the row that a read of the provider would write.
   */
  change(chance: Chance, accountId: string, at: number): StoredSubscription {
    const { paid } = this;
    if (!paid || paid.status === 'canceled') {
      const boughtAt = Math.floor(at / 1000) * 1000;
      this.paid = { boughtAt, isCharged: chance.hit(0.8), isRenewed: false, status: 'active' };
    } else {
      paid.status = chance.pick(['active', 'active', 'past_due', 'canceled']);
      if (at >= monthOf(paid.boughtAt).end && paid.status === 'active') paid.isRenewed = chance.hit(0.5);
    }
    return this.row(accountId);
  }

  isLive(now: number): boolean {
    const { paid } = this;
    if (!paid || paid.status === 'canceled') return false;
    return paid.status === 'active' || (paid.isCharged && now < monthOf(paid.boughtAt).end + KEPT_MS);
  }

  /** Returns the quota of the month of `now`, with `own` seconds for the own plan and `more` for the paid one. */
  quotaSeconds(own: number, more: number, now: number): number {
    const { paid } = this;
    if (!paid || !this.isLive(now)) return own;
    const { start, end } = monthOf(now);
    const add = Math.max(0, more - own);
    const partOf = (ms: number) => own + Math.floor((add * (ms / 1000)) / ((end - start) / 1000));
    if (paid.boughtAt >= start) return paid.isCharged ? partOf(end - paid.boughtAt) : own;
    return paid.isRenewed ? own + add : partOf(KEPT_MS);
  }

  /** Compares the reported quota with what was paid; returns the differences. */
  async complaints(rules: Rules, ctx: Ctx, accountId: string): Promise<string[]> {
    const { now, quota } = await rules.batchStatus(ctx, accountId);
    const [plans] = await ctx.sql<{ own: number; more: number }[]>`
      select own.monthly_seconds as own, paid.monthly_seconds as more from account a
        join plan own on own.id = a.own_plan_id join plan paid on paid.id = ${this.planId}
      where a.id = ${accountId}`;
    const wanted = plans && this.quotaSeconds(plans.own, plans.more, Date.parse(now));
    const packs = await this.packs.complaints(rules, ctx);
    if (quota.quotaSeconds === wanted) return packs;
    return [`the quota is ${quota.quotaSeconds} s, what was paid makes ${wanted} s`];
  }

  private row(accountId: string): StoredSubscription {
    const { boughtAt, isCharged, isRenewed, status } = this.paid as Paid;
    const { planId } = this;
    const first = monthOf(boughtAt);
    const next = monthOf(first.end);
    const bought = [{ planId, from: boughtAt, to: first.end, share: isCharged ? 1 : 0 }];
    if (isRenewed) bought.push({ planId, from: next.start, to: next.end, share: 1 });
    const periodEnd = isRenewed ? next.end : first.end;
    return {
      stripeSubscriptionId: `sub_${accountId}`,
      itemId: 'si',
      planId,
      priceId: 'price',
      status,
      currency: 'usd',
      amount: 1,
      startedAt: boughtAt,
      periodStart: boughtAt,
      periodEnd,
      paidUntil: isCharged ? first.end : null,
      cancelAt: null,
      scheduleId: null,
      pendingPlanId: null,
      pendingAt: null,
      latestInvoiceId: null,
      amountOpen: 0,
      nextPaymentAttemptAt: null,
      bought,
      pendingUpdate: null,
      discount: null,
    };
  }
}
