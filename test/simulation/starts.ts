import type { Ctx } from '@/server/context';
import { countOpen } from './check-books';
import { isInjected } from './misses';
import type { SimProvider } from './provider';
import type { Rules } from './rules';

type History = {
  ctx: Ctx;
  rules: Rules;
  accountId: string;
  provider: SimProvider;
  /** Returns the plan that is paid for at this moment, or null. */
  paidPlanId(): string | null;
  problems: string[];
};

/** Starts of sessions in a history, and what must hold of each. */
export class Starts {
  constructor(private readonly history: History) {}

  async one(sessionId: string): Promise<void> {
    for (const result of await this.all([sessionId])) if (result.status === 'rejected') throw result.reason;
  }

  /** Starts all sessions at the same instant. The admitted ones must fit the current plan. */
  async all(sessionIds: string[]): Promise<PromiseSettledResult<unknown>[]> {
    const { ctx, rules, accountId, provider, problems } = this.history;
    const before = provider.orderCount;
    const results = await Promise.allSettled(
      sessionIds.map((sessionId) => rules.startSession(ctx, { accountId, sessionId })),
    );
    // A refused start orders no machine and changes nothing.
    if (provider.orderCount === before) return results;
    const after = await countOpen(ctx, accountId, this.history.paidPlanId());
    if (after.open > after.most) problems.push(`a start made ${after.open} open runs, ${after.most} allowed`);
    return results;
  }

  async two(sessionIds: [string, string]): Promise<void> {
    const { rules, problems } = this.history;
    for (const result of await this.all(sessionIds)) {
      if (result.status === 'fulfilled' || isInjected(result.reason)) continue;
      if (!rules.isRefusal(result.reason)) problems.push(`parallel start: ${String(result.reason)}`);
    }
  }

  /** The status of a button and the start must agree at this moment. */
  async agree(): Promise<void> {
    const { ctx, rules, accountId, problems } = this.history;
    const before = await rules.batchStatus(ctx, accountId);
    const stopped = before.sessions.find(({ status }) => status === 'stopped' || status === 'failed');
    if (!stopped) return;
    const reason = await this.one(stopped.id).then(
      () => null,
      (error) => (rules.isRefusal(error) ? rules.reasonOf(error) : 'crash'),
    );
    const decided = reason === null || !['NO_CAPACITY', 'PROVIDER_UNAVAILABLE', 'crash'].includes(reason);
    if (decided && reason !== before.start.reason)
      problems.push(`the status said ${before.start.reason}, the start ${reason}`);
  }
}
