import type { Span } from './spans';

/**
 * The most an account may have been given at an instant, computed from the calls made and answered outside the product.
 * While a change is in flight both values are possible. Uses none of the product's own rules.
 */

type Value = { quotaMs: number; slots: number };
type Possible<T> = { value: T; from: number; to: number };

class History<T> {
  private readonly entries: Possible<T>[] = [];

  /** Makes `value` possible beside the current values; call the returned function once only `value` is possible. */
  begin(value: T): () => void {
    const entry = { value, from: Date.now(), to: Number.POSITIVE_INFINITY };
    this.entries.push(entry);
    return () => {
      const now = Date.now();
      for (const other of this.entries) if (other !== entry) other.to = Math.min(other.to, now);
    };
  }

  /** Returns every value that was possible at some time between two instants. */
  between(from: number, to: number): T[] {
    return this.entries.filter((entry) => entry.from <= to && entry.to >= from).map(({ value }) => value);
  }
}

export class Bounds {
  private readonly plans = new Map<string, History<Value>>();
  private readonly own = new Map<string, History<string>>();
  private readonly paid = new Map<string, History<string>>();
  private readonly given: { accountId: string; ms: number; from: number }[] = [];
  private readonly blocked: { accountId: string; span: Span }[] = [];

  /** A plan is about to get these values; call the returned function once it certainly has them. */
  planChanges(planId: string, value: Value): () => void {
    return at(this.plans, planId).begin(value);
  }

  ownPlanChanges(accountId: string, planId: string): () => void {
    return at(this.own, accountId).begin(planId);
  }

  paidPlanChanges(accountId: string, planId: string): () => void {
    return at(this.paid, accountId).begin(planId);
  }

  /** Time is about to be given back, in ms; from now on it may have been. */
  gives(accountId: string, ms: number): void {
    this.given.push({ accountId, ms, from: Date.now() });
  }

  /** From now on nothing may start for this account; the returned function ends that. */
  blocks(accountId: string): () => void {
    const span: Span = { from: Date.now(), to: Number.POSITIVE_INFINITY };
    this.blocked.push({ accountId, span });
    return () => {
      span.to = Date.now();
    };
  }

  isBlocked(accountId: string, at: number): boolean {
    return this.blocked.some(
      ({ accountId: who, span }) => who === accountId && span.from < at && at < span.to,
    );
  }

  /** Returns the plans of which one must be in force after the last payment. */
  paidNow(accountId: string): string[] {
    return at(this.paid, accountId).between(Date.now(), Date.now());
  }

  /** Returns the largest quota and the most sessions that may have been in force between two instants. */
  most(accountId: string, from: number, to: number): Value {
    const plans = [this.own, this.paid].flatMap((history) => at(history, accountId).between(from, to));
    const values = plans.flatMap((planId) => at(this.plans, planId).between(from, to));
    const given = this.given.filter((gift) => gift.accountId === accountId && gift.from <= to);
    return {
      quotaMs:
        Math.max(0, ...values.map(({ quotaMs }) => quotaMs)) + given.reduce((sum, { ms }) => sum + ms, 0),
      slots: Math.max(0, ...values.map(({ slots }) => slots)),
    };
  }
}

function at<T>(map: Map<string, History<T>>, key: string): History<T> {
  const found = map.get(key) ?? new History<T>();
  map.set(key, found);
  return found;
}
