import { Bench } from '@/cloud/stripe/testing';
import { syncCatalogue } from '@/server/billing/catalogue/sync-catalogue';
import { openPortal } from '@/server/billing/checkout/open-portal';
import { openUpgrade } from '@/server/billing/checkout/open-upgrade';
import { describeBilling } from '@/server/billing/describe-billing';
import { syncAccount } from '@/server/billing/sync/sync-account';
import { newId } from '@/server/ids';
import { readAccount } from '@/server/quota/load-account';
import type { Member } from '@/server/trpc';
import { createAccount, createWorld, setClock, type World } from './world';

export const WEBHOOK_SECRET = 'whsec_test_world';
export const GOOD = '4242424242424242';
export const DECLINED = '4000000000000002';
/** A card that can be saved, and is declined when it is charged. */
export const FAILS_LATER = '4000000000000341';

/**
 * The product's rules on a real PostgreSQL beside a local Stripe, with both clocks moved together. No events are
 * delivered.
 */
export class BillingWorld {
  private constructor(
    readonly world: World,
    readonly bench: Bench,
  ) {}

  static async open(at: string, env: Record<string, string> = {}): Promise<BillingWorld> {
    const bench = await Bench.open(at);
    const world = await createWorld({
      startAt: Date.parse(at),
      env: {
        STRIPE_SECRET_KEY: 'sk_test_local',
        STRIPE_API_URL: bench.server.url,
        STRIPE_WEBHOOK_SECRET: WEBHOOK_SECRET,
        ...env,
      },
    });
    await syncCatalogue(world.ctx);
    const [endpoint] = (await bench.stripe.webhookEndpoints.list()).data;
    if (endpoint) await bench.stripe.webhookEndpoints.del(endpoint.id);
    return new BillingWorld(world, bench);
  }

  get ctx() {
    return this.world.ctx;
  }

  async close(): Promise<void> {
    await this.world.close();
    await this.bench.close();
  }

  /** Moves all clocks to an instant. */
  async moveTo(instant: string): Promise<void> {
    const at = Date.parse(instant);
    this.world.clock.advance(at - this.world.clock.now());
    await setClock(this.world.database, at);
    await this.bench.advanceTo(instant);
  }

  /** Creates an account with one owner. */
  async person(options: { planId?: string; leftMs?: number; email?: string } = {}): Promise<Person> {
    const accountId = await createAccount(this.world, options);
    const userId = newId();
    const email = options.email ?? `${userId}@hourglass.test`;
    const { sql } = this.ctx;
    await sql`insert into auth_user (id, name, email, email_verified) values (${userId}, 'Ada', ${email}, true)`;
    await sql`insert into member (account_id, user_id, role) values (${accountId}, ${userId}, 'owner')`;
    const member: Member = {
      kind: 'user',
      userId,
      accountId,
      role: 'owner',
      isAdmin: false,
      lacksSecondFactor: false,
    };
    return { accountId, userId, member };
  }

  /** Opens the payment page of a plan; returns its id. */
  async openPage(person: Person, planId: string): Promise<string> {
    const { url } = await openUpgrade(this.ctx, { ...person, planId });
    const id = /\/c\/pay\/([^/?#]+)/.exec(url)?.[1];
    if (!id) throw new Error(`This is no payment page: ${url}`);
    return id;
  }

  pay(pageId: string, card = GOOD) {
    return this.bench.control(`checkout/${pageId}/complete`, { card });
  }

  /** Creates an account that pays for a plan. */
  async subscriber(planId: string, options: { planId?: string } = {}): Promise<Person> {
    const person = await this.person(options);
    await this.pay(await this.openPage(person, planId));
    await this.sync(person);
    return person;
  }

  /** Saves another card on the portal page behind "Change card"; returns where that page redirects to. */
  async changeCard(person: Person, card: string, from?: string): Promise<string | null> {
    const { url } = await openPortal(this.ctx, { ...person, from });
    const form = { cardNumber: card, cardExpiry: '12 / 34', cardCvc: '123', billingName: 'Ada' };
    const saved = await this.bench.page(`${url}/card`, form);
    if (saved.status !== 303) throw new Error(`The portal did not save the card: ${saved.status}`);
    return saved.location;
  }

  /** Returns every successful charge of the account, newest first. */
  async chargesOf(person: Person) {
    const { data } = await this.bench.stripe.charges.list({
      customer: await this.customerOf(person),
      limit: 100,
    });
    return data.filter((charge) => charge.status === 'succeeded');
  }

  sync = ({ accountId }: Person) => syncAccount(this.ctx, { accountId });
  summary = (person: Person) => describeBilling(this.ctx, person);
  planOf = async ({ accountId }: Person) => (await readAccount(this.ctx.sql, accountId)).plan.id;

  async customerOf({ accountId }: Person): Promise<string> {
    const [row] = await this.ctx.sql<{ id: string }[]>`
      select stripe_customer_id as id from billing_customer where account_id = ${accountId}`;
    return row?.id ?? '';
  }

  async subscriptionsOf(person: Person) {
    const customer = await this.customerOf(person);
    return (await this.bench.stripe.subscriptions.list({ customer, status: 'all', limit: 100 })).data;
  }

  async invoicesOf(person: Person) {
    return (await this.bench.stripe.invoices.list({ customer: await this.customerOf(person), limit: 100 }))
      .data;
  }

  /** Returns the kinds of email queued for an account, oldest first. */
  async signInEmails({ accountId }: Person): Promise<string[]> {
    const rows = await this.ctx.sql<{ kind: string }[]>`
      select kind from mail where account_id = ${accountId} order by id`;
    return rows.map((row) => row.kind);
  }
}

export type Person = { accountId: string; userId: string; member: Member };
