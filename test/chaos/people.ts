import { createClient, type HourglassClient, refusalOf } from '@/client';
import { sleep } from '@/scripts/services/processes';
import { createAccount } from '@/server/account/create-account';
import { LATE, withTimeout } from '@/server/with-timeout';
import type { Chance } from '../simulation/events';
import { chanceOf } from '../simulation/events';
import type { Bounds } from './bounds';
import { HABITS, type Habit, weighted } from './habits';
import { insist } from './insist';
import type { Setting } from './setting';
import type { Tally } from './tally';

/** Users of the product during the faults: each has an account, a habit, and machines of one kind. */

export type Person = {
  accountId: string;
  habit: Habit;
  /** Clients of the same account, one per web process. */
  apis: HourglassClient[];
  sessions: string[];
  /** The last plan paid for; null before the first. */
  paid: string | null;
  /** The account was deleted, or is about to be. */
  gone: boolean;
};

/** Longer than any step whose calls all have their own time limit, in ms. */
const MOST_MS = 240_000;

/** The users as a load: `stop` begins nothing more and waits for actions in progress. */
export class Crowd {
  readonly people: Person[] = [];
  private paused = false;
  private bornBy = 0;
  private guests = 0;
  private barren = 0;
  private stopped = false;
  private busy = 0;
  private readonly lives: Promise<void>[] = [];

  constructor(
    private readonly setting: Setting,
    private readonly bounds: Bounds,
    private readonly tally: Tally,
    private readonly seed: number,
  ) {}

  /** Runs `count` users at a time, one after the other. */
  begin(count: number): void {
    for (let lane = 0; lane < count; lane++)
      this.lives.push(this.lane(chanceOf(this.seed * 1_000 + lane), lane));
  }

  /** Repeats an action beside the users; `deed` returns its name, or null when it did nothing. */
  beginDeeds(deed: () => Promise<string | null>, chance: Chance): void {
    this.lives.push(
      (async () => {
        while (!this.stopped) {
          await this.rest(chance.between(3_000, 9_000));
          const name = await this.act('a deed of the administrator', deed);
          if (name) this.tally.count('deeds', name);
        }
      })(),
    );
  }

  /** Pauses all users; resolves when no action is in progress. */
  async pause(): Promise<void> {
    this.paused = true;
    while (this.busy > 0) await sleep(50);
  }

  resume(): void {
    this.paused = false;
  }

  /** Creates no user while `work` runs; begins once none is being created. */
  async withoutBirths(work: () => Promise<void>): Promise<void> {
    this.barren += 1;
    try {
      while (this.bornBy > 0) await sleep(50);
      await work();
    } finally {
      this.barren -= 1;
    }
  }

  /** Creates a user with a habit who does not act; the caller acts for the user. */
  guest(name: string): Promise<Person> {
    const habit = HABITS.find((one) => one.name === name) ?? (HABITS[0] as Habit);
    return this.birth(habit, `guest-${++this.guests}`);
  }

  async end(): Promise<void> {
    this.stopped = true;
    await Promise.all(this.lives);
  }

  /** Stops every session that may be running, as its owner, until every call is answered. */
  async stopAll(): Promise<void> {
    for (const person of this.people) {
      const [api] = person.apis;
      if (!api || person.gone) continue;
      const listed = await insist(() => api.session.list.query(), 30_000);
      for (const { id, status } of listed)
        if (status !== 'stopped' && status !== 'failed')
          await insist(() => api.session.stop.mutate({ sessionId: id }), 30_000);
    }
  }

  /** Returns a sentence per account that is not on a plan it paid for. */
  async unpaidPlans(): Promise<string[]> {
    const wrong: string[] = [];
    for (const person of this.people) {
      const [api] = person.apis;
      if (!api || person.gone || person.paid === null) continue;
      const { quota } = await insist(() => api.session.batchStatus.query(), 30_000);
      const paid = this.bounds.paidNow(person.accountId);
      if (!paid.includes(quota.plan.id))
        wrong.push(`account ${person.accountId} paid for ${paid.join(' or ')} and has ${quota.plan.id}`);
    }
    return wrong;
  }

  /** Sets the kind of each account's new machines; the cloud loses this when it dies. */
  async tellCloud(): Promise<void> {
    await this.setting.control('/control/behaviour', { kind: 'normal' });
    for (const person of this.people) await this.tellOne(person);
  }

  private async tellOne({ accountId, habit }: Person): Promise<void> {
    if (habit.machines === 'normal') return;
    const kind = habit.machines;
    const bootDelayMs = kind === 'crash' ? 4_000 : 5_000;
    await this.setting.control('/control/behaviour', {
      kind,
      bootDelayMs,
      match: { app: `hg-dev-${accountId}` },
    });
  }

  private async lane(chance: Chance, lane: number): Promise<void> {
    for (let life = 0; !this.stopped; life++) {
      const person = await this.act('a new account', () => this.bear(chance, `${lane}-${life}`));
      const acts = chance.between(12, 40);
      for (let i = 0; i < acts && person && !person.gone && !this.stopped; i++) {
        await this.act('a step', () => this.step(person, chance));
        await this.rest(chance.between(300, 4_000));
      }
      if (person && !person.gone) await this.act('a farewell', () => this.leave(person));
    }
  }

  private async rest(ms: number): Promise<void> {
    for (let left = ms; left > 0 && !this.stopped; left -= 100) await sleep(100);
  }

  /** Bounds every action: one that does not end in time is counted as stuck, and the others continue. */
  private async act<T>(name: string, work: () => Promise<T>): Promise<T | undefined> {
    while (this.paused && !this.stopped) await sleep(50);
    if (this.stopped) return undefined;
    this.busy += 1;
    try {
      const done = await withTimeout(work(), MOST_MS);
      if (done !== LATE) return done;
      this.tally.count('stuck', name);
      return undefined;
    } catch (error) {
      this.tally.count('calls', refusalOf(error)?.reason ?? 'no answer');
      return undefined;
    } finally {
      this.busy -= 1;
    }
  }

  private async bear(chance: Chance, name: string): Promise<Person> {
    return this.birth(weighted(chance, HABITS), name);
  }

  private async birth(habit: Habit, name: string): Promise<Person> {
    while (this.barren > 0) await sleep(50);
    this.bornBy += 1;
    try {
      return await this.make(habit, name);
    } finally {
      this.bornBy -= 1;
    }
  }

  private async make(habit: Habit, name: string): Promise<Person> {
    const email = `${habit.name}-${name}@hourglass.test`;
    const made = await createAccount(this.setting.operator.ctx, { email, planId: habit.planId });
    this.bounds.ownPlanChanges(made.accountId, habit.planId)();
    await insist(() => this.setting.other.knows(made.accountId), 10_000);
    const apis = this.setting.stack.webUrls.map((url) =>
      createClient({ url, apiKey: made.apiKey, fetch: impatient }),
    );
    const person: Person = { accountId: made.accountId, habit, apis, sessions: [], paid: null, gone: false };
    await insist(() => this.tellOne(person), 10_000);
    this.people.push(person);
    return person;
  }

  private async step(person: Person, chance: Chance): Promise<void> {
    const api = chance.pick(person.apis);
    if (person.sessions.length < person.habit.sessions) {
      const made = await api.session.create.mutate({ name: `s${person.sessions.length}` });
      person.sessions.push(made.id);
    }
    const sessionId = chance.pick(person.sessions);
    const dice = chance.next();
    if (dice < 0.55) return this.start(person, sessionId, chance);
    if (dice < 0.75) return void (await api.session.stop.mutate({ sessionId }));
    if (dice < 0.8) return this.remove(person, sessionId, api);
    if (dice < 0.9 && person.habit.buys) return this.buy(person, api);
    await api.session.batchStatus.query();
  }

  /** Starts a session, sometimes twice, sometimes all sessions at once, through any web process. */
  private async start(person: Person, sessionId: string, chance: Chance): Promise<void> {
    const wanted = chance.hit(0.15) ? person.sessions : [sessionId];
    const key = chance.hit(0.3) ? `k${chance.between(0, 1e9)}` : undefined;
    const times = chance.hit(0.2) ? 2 : 1;
    const calls = wanted.flatMap((id) =>
      Array.from({ length: times }, () =>
        chance.pick(person.apis).session.start.mutate({
          sessionId: id,
          ...(key && wanted.length === 1 ? { idempotencyKey: key } : {}),
        }),
      ),
    );
    const answers = await Promise.allSettled(calls);
    for (const answer of answers)
      this.tally.count(
        'starts',
        answer.status === 'fulfilled' ? 'answered' : (refusalOf(answer.reason)?.reason ?? 'no answer'),
      );
  }

  private async remove(person: Person, sessionId: string, api: HourglassClient): Promise<void> {
    await api.session.delete.mutate({ sessionId });
    person.sessions = person.sessions.filter((id) => id !== sessionId);
  }

  /** Buys the next larger plan as the payment page and the return from it do. */
  private async buy(person: Person, api: HourglassClient): Promise<void> {
    const planId = person.habit.buys?.[person.paid === null ? 0 : 1];
    if (!planId || person.paid === planId) return;
    if (person.paid !== null) {
      const settled = this.bounds.paidPlanChanges(person.accountId, planId);
      await api.billing.changePlan.mutate({ planId });
      settled();
      person.paid = planId;
      return;
    }
    const { url } = await api.billing.upgradeLink.mutate({ planId });
    const page = /\/c\/pay\/([^/?#]+)/.exec(url)?.[1];
    if (!page) return;
    this.bounds.paidPlanChanges(person.accountId, planId);
    await this.setting.stripe(`checkout/${page}/complete`, { card: '4242424242424242' });
    person.paid = planId;
    this.tally.count('calls', 'plan bought');
    await api.billing.refresh.mutate();
  }

  /** Ends a user: stops the sessions; an unanswered stop is left to the end of the run. */
  private async leave(person: Person): Promise<void> {
    for (const sessionId of person.sessions)
      await person.apis[0]?.session.stop.mutate({ sessionId }).catch(() => null);
  }
}

/** A fetch whose every call ends within 20 s. */
export const impatient: typeof fetch = (input, init) =>
  fetch(input, { ...init, signal: AbortSignal.timeout(20_000) });
