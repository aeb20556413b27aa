import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Stripe from 'stripe';
import { readBody } from '../http';
import { type StartedStripe, type StripeOptions, startStripe } from './server';

/** A running local Stripe with a fixed clock and the real SDK as its client. */
export class Bench {
  private constructor(
    public server: StartedStripe,
    public stripe: Stripe,
    private readonly options: StripeOptions,
  ) {}

  /** Starts the local Stripe with its clock at `at`, an ISO instant. */
  static async open(at: string, webhook?: StripeOptions['webhook']): Promise<Bench> {
    const stateDir = mkdtempSync(join(tmpdir(), 'local-stripe-'));
    const options = { port: 0, stateDir, now: () => Date.parse(at), webhook };
    const server = await startStripe(options);
    return new Bench(server, clientFor(server.port), options);
  }

  async restart(): Promise<void> {
    await this.server.close();
    this.server = await startStripe(this.options);
    this.stripe = clientFor(this.server.port);
  }

  async close(): Promise<void> {
    await this.server.close();
    rmSync(this.options.stateDir, { recursive: true, force: true });
  }

  /** Makes a control call. Throws the sentence of a refusal. */
  async control<T = Record<string, unknown>>(
    path: string,
    body?: unknown,
    method = body ? 'POST' : 'GET',
  ): Promise<T> {
    const response = await fetch(`${this.server.url}/_control/${path}`, {
      method,
      body: body ? JSON.stringify(body) : undefined,
    });
    const answer = (await response.json()) as T & { error?: string };
    if (!response.ok) throw new Error(answer.error);
    return answer;
  }

  advanceTo(instant: string) {
    return this.control('clock', { to: instant });
  }

  /** Opens a hosted page or submits its form. Redirects are not followed. */
  async page(url: string, form?: Record<string, string>) {
    const target = new URL(url, this.server.url);
    const response = await fetch(`${this.server.url}${target.pathname}${target.search}`, {
      method: form ? 'POST' : 'GET',
      body: form && new URLSearchParams(form),
      redirect: 'manual',
    });
    return {
      status: response.status,
      text: await response.text(),
      location: response.headers.get('location'),
    };
  }

  /** Creates two monthly plans and a yearly one. */
  async catalogue() {
    const make = async (name: string, unit_amount: number, interval: 'month' | 'year' = 'month') => {
      const product = await this.stripe.products.create({ name });
      return this.stripe.prices.create({
        product: product.id,
        currency: 'usd',
        unit_amount,
        recurring: { interval },
        lookup_key: `${name.toLowerCase()}_${interval}`,
        currency_options: { eur: { unit_amount: unit_amount + 100 } },
      });
    };
    return {
      pro: await make('Pro', 1900),
      max: await make('Max', 3900),
      yearly: await make('Year', 19000, 'year'),
    };
  }

  /** Creates a customer who paid for a plan through Checkout, billed on the first of each month. */
  async subscriber(price: string, card = '4242424242424242') {
    const customer = await this.stripe.customers.create({ email: 'ada@example.com' });
    const session = await this.checkout(customer.id, price);
    await this.control(`checkout/${session.id}/complete`, { card });
    const [subscription] = (await this.stripe.subscriptions.list({ customer: customer.id })).data;
    if (!subscription) throw new Error('The checkout made no subscription.');
    return { customer, session, subscription };
  }

  checkout(
    customer: string,
    price: string,
    data: Stripe.Checkout.SessionCreateParams['subscription_data'] = FIRST_OF_MONTH,
  ) {
    return this.stripe.checkout.sessions.create({
      mode: 'subscription',
      customer,
      client_reference_id: 'acc_1',
      line_items: [{ price, quantity: 1 }],
      success_url: 'https://shop.example/return?checkout={CHECKOUT_SESSION_ID}',
      cancel_url: 'https://shop.example/plans',
      metadata: { account: 'acc_1' },
      subscription_data: data,
    });
  }

  async subscription(id: string) {
    return this.stripe.subscriptions.retrieve(id);
  }

  /** Returns the types of all events, oldest first. */
  async eventTypes(): Promise<string[]> {
    const events = await this.stripe.events.list({ limit: 100 });
    return events.data.map((event) => event.type).reverse();
  }
}

const FIRST_OF_MONTH = {
  billing_cycle_anchor_config: { day_of_month: 1, hour: 0, minute: 0, second: 0 },
  metadata: { account: 'acc_1' },
};

export const GOOD_CARD = {
  cardNumber: '4242 4242 4242 4242',
  cardExpiry: '12 / 34',
  cardCvc: '123',
  billingName: 'Ada',
};

function clientFor(port: number): Stripe {
  return new Stripe('sk_test_local', {
    host: '127.0.0.1',
    port,
    protocol: 'http',
    maxNetworkRetries: 0,
    telemetry: false,
    timeout: 5_000,
  });
}

export const seconds = (instant: string) => Date.parse(instant) / 1000;

/** Returns the error of a call that must fail. Throws if the call succeeds. */
export async function failure(call: Promise<unknown>): Promise<Stripe.errors.StripeError> {
  try {
    await call;
  } catch (error) {
    return error as Stripe.errors.StripeError;
  }
  throw new Error('The call did not fail.');
}

/** Starts a webhook receiver that stores the requests and returns the status set by `answerWith`. */
export async function receiver() {
  const got: { body: string; signature: string; at: number }[] = [];
  let answer: (count: number) => number = () => 200;
  const server = createServer(async (req, res) => {
    const body = (await readBody(req)).toString('utf8');
    got.push({ body, signature: String(req.headers['stripe-signature']), at: Date.now() });
    res.writeHead(answer(got.length)).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/hook`,
    got,
    types: () => got.map(({ body }) => (JSON.parse(body) as Stripe.Event).type),
    answerWith: (next: (count: number) => number) => {
      answer = next;
    },
    close: () => new Promise((resolve) => server.close(resolve)),
  };
}
