import { expect, type Page } from '@playwright/test';
import { Queue } from 'bullmq';
import { createClient, type HourglassClient } from '@/client';
import { openOperatorContext } from '@/operator/context';
import { adjustAccountUsage } from '@/server/account/adjust-usage';
import { createAccount } from '@/server/account/create-account';
import { queueName } from '@/server/jobs';
import type { AccountStatus, BatchStatus, UpgradePlan } from '@/server/shapes';

/** Helpers for tests beside the browser: accounts, quota, the provider's own records and the emails sent. */

const env = (name: string): string => {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set: run these tests with npm run e2e.`);
  return value;
};

export const appUrl = (): string => env('E2E_APP_URL');
export const operator = openOperatorContext({
  AUTH_SECRET: process.env.E2E_AUTH_SECRET,
  DATABASE_URL: process.env.E2E_DATABASE_URL ?? 'postgres://unset',
});

export type Person = {
  email: string;
  password: string;
  accountId: string;
  api: HourglassClient;
  apiKey: string;
};

let count = 0;

/** Creates a user with an account of their own, by the verb of the operator command. */
export async function newPerson(
  options: { planId?: string; status?: AccountStatus; leftSeconds?: number } = {},
): Promise<Person> {
  const email = `person-${process.pid}-${Date.now()}-${++count}@hourglass.test`;
  const password = 'a-good-password';
  const made = await createAccount(operator.ctx, {
    email,
    password,
    planId: options.planId,
    status: options.status,
    name: 'Ada Person',
  });
  if (options.leftSeconds !== undefined) await leaveQuota(made.accountId, options.leftSeconds);
  return {
    email,
    password,
    accountId: made.accountId,
    apiKey: made.apiKey,
    api: createClient({ url: appUrl(), apiKey: made.apiKey }),
  };
}

export async function accountOf(email: string): Promise<string> {
  const [row] = await operator.ctx.sql<{ account_id: string }[]>`
    select m.account_id from member m join auth_user u on u.id = m.user_id where u.email = ${email}`;
  if (!row) throw new Error(`Nobody signed up as ${email}.`);
  return row.account_id;
}

/** Books an adjustment so that `seconds` of the month are left. */
export async function leaveQuota(accountId: string, seconds: number): Promise<void> {
  const booked = await adjustAccountUsage(operator.ctx, {
    actor: 'operator',
    accountId,
    seconds: 0,
    reason: 'look',
  });
  const over = (booked.quota.quotaSeconds ?? 0) - booked.quota.usedSeconds - seconds;
  await adjustAccountUsage(operator.ctx, { actor: 'operator', accountId, seconds: over, reason: 'test' });
}

export async function signIn(
  page: Page,
  person: Pick<Person, 'email' | 'password'>,
  next = '/dashboard',
): Promise<void> {
  await page.goto(`${appUrl()}/sign-in?next=${encodeURIComponent(next)}`);
  await page.getByLabel('Email').fill(person.email);
  await page.getByRole('textbox', { name: 'Password' }).fill(person.password);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await page.waitForURL((url) => url.pathname === next.split('?')[0]);
}

/** Submits the sign-up form and waits until the page says that an email was sent. */
export async function askForAccount(page: Page, name: string, email: string): Promise<void> {
  await page.goto(`${appUrl()}/sign-up`);
  await page.getByLabel('Name').fill(name);
  await page.getByLabel('Email').fill(email);
  await page.getByRole('textbox', { name: 'Password' }).fill('a-good-password');
  await page.getByRole('button', { name: 'Sign up' }).click();
  await expect(page.getByRole('status')).toContainText('We sent an email');
}

/** Signs up through the form and the link in the email; returns the account's id once the dashboard is shown. */
export async function signUp(page: Page, name: string, email: string): Promise<string> {
  await askForAccount(page, name, email);
  const address = email.trim().toLowerCase();
  await page.goto(await linkTo(address, 'Confirm your address'));
  await page.getByRole('button', { name: 'Confirm this address' }).click();
  await page.waitForURL(/\/dashboard$/);
  await expect(page.getByText('No sessions yet')).toBeVisible();
  return accountOf(address);
}

/** Returns the link in the newest email with this subject, once there is one. */
export async function linkTo(email: string, subject: string): Promise<string> {
  type Mail = { subject: string; text: string };
  const newest = async () =>
    (await control<Mail[]>(`/control/mail?to=${email}`)).filter((mail) => mail.subject === subject).at(-1);
  await expect.poll(async () => (await newest()) !== undefined).toBe(true);
  return /https?:\S+/.exec((await newest())?.text ?? '')?.[0] ?? '';
}

/** Confirms the address of the user signed in on this page, by the email they received. */
export async function confirmAddress(page: Page, email: string): Promise<void> {
  await page.goto(await linkTo(email, 'Confirm your address'));
  await page.getByRole('button', { name: 'Confirm this address' }).click();
  await expect(page.getByRole('status')).toContainText('Your address is confirmed');
}

type ProviderMachine = {
  id: string;
  name: string;
  state: string;
  metadata: Record<string, string>;
  intervals: { startedAt: number; stoppedAt: number | null }[];
};

/** Calls the local cloud's control API. */
export async function control<T>(path: string, init?: { method: string; body?: unknown }): Promise<T> {
  const response = await fetch(`${env('E2E_CONTROL_URL')}${path}`, {
    method: init?.method ?? 'GET',
    headers: { 'content-type': 'application/json' },
    ...(init?.body === undefined ? {} : { body: JSON.stringify(init.body) }),
  });
  if (!response.ok) throw new Error(`${path} answered ${response.status}: ${await response.text()}`);
  return (await response.json()) as T;
}

/** Returns all machines the provider ever created for a session, from its own records. */
export async function machinesOf(sessionId: string): Promise<ProviderMachine[]> {
  const all = await control<ProviderMachine[]>('/control/machines');
  return all.filter((machine) => machine.metadata.hourglass_session === sessionId);
}

/** Waits until the API reports a state of a session. */
export async function untilStatus(person: Person, sessionId: string, status: string): Promise<void> {
  await expect
    .poll(async () => (await person.api.session.get.query({ sessionId })).status, {
      timeout: 30_000,
      intervals: [100],
    })
    .toBe(status);
}

/** Returns the rows of the visible terminal. */
export const screenOf = (page: Page) => page.locator('.terminal-screen:not([hidden]) .xterm-rows');

/** Types a line into the visible terminal. */
export async function typeLine(page: Page, line: string): Promise<void> {
  await page.locator('.terminal-screen:not([hidden]) .xterm-helper-textarea').focus();
  await page.keyboard.type(`${line}\n`);
}

/** Calls the local Stripe's controls. */
export async function stripeControl<T = Record<string, unknown>>(
  path: string,
  body?: unknown,
  method = body ? 'POST' : 'GET',
): Promise<T> {
  const response = await fetch(`${env('E2E_STRIPE_URL')}/_control/${path}`, {
    method,
    body: body ? JSON.stringify(body) : undefined,
  });
  const answer = (await response.json()) as T & { error?: string };
  if (!response.ok) throw new Error(`${path}: ${answer.error}`);
  return answer;
}

/** Returns the id of an account's customer at Stripe. */
export async function customerOf({ accountId }: Pick<Person, 'accountId'>): Promise<string> {
  const [row] = await operator.ctx.sql<{ id: string }[]>`
    select stripe_customer_id as id from billing_customer where account_id = ${accountId}`;
  return row?.id ?? '';
}

/** Returns the plans for sale that lift the refusal of the user signed in on the page; late in a month only large ones do. */
export async function offersOn(page: Page): Promise<UpgradePlan[]> {
  const headers = { 'accept-language': 'en-GB' };
  const answer = await page.request.get(`${appUrl()}/api/trpc/quota.get`, { headers });
  const { result } = (await answer.json()) as { result: { data: Pick<BatchStatus, 'upgrade'> } };
  return (result.data.upgrade?.plans ?? []).filter((plan) => plan.price !== null);
}

/** Opens the payment page of a plan without a browser; returns the page's id. */
async function payPage(person: Person, planId: string): Promise<string> {
  const { url } = await person.api.billing.upgradeLink.mutate({ planId });
  return /\/c\/pay\/([^/?#]+)/.exec(url)?.[1] ?? '';
}

/** Pays for a plan without a browser; returns when the payment was made. */
export async function payFor(person: Person, planId: string, card = GOOD_CARD): Promise<number> {
  await stripeControl(`checkout/${await payPage(person, planId)}/complete`, { card });
  return Date.now();
}

export const GOOD_CARD = '4242424242424242';
export const DECLINED_CARD = '4000000000000002';
export const FAILING_CARD = '4000000000000341';

/**
 * Opens the payment page of a pack without a browser; returns the page's id. A pack lifts a refusal on every day of the
 * month.
 */
export async function packPage(person: Person, packId = 'pack10'): Promise<string> {
  const { url } = await person.api.billing.packLink.mutate({ packId });
  return /\/c\/pay\/([^/?#]+)/.exec(url)?.[1] ?? '';
}

/** Pays for a pack without a browser; returns when the payment was made. */
export async function payForPack(person: Person, packId = 'pack10'): Promise<number> {
  await stripeControl(`checkout/${await packPage(person, packId)}/complete`, { card: GOOD_CARD });
  return Date.now();
}

/** Fills in a card on the open payment page. */
export async function fillCard(page: Page, card: string): Promise<void> {
  await page.getByLabel('Card number').fill(card);
  await page.getByLabel('Expiry').fill('12 / 34');
  await page.getByLabel('Security code').fill('123');
  await page.getByRole('button', { name: /^(Subscribe|Pay)/ }).click();
}

/** Adds a job to the timekeeper's queue, as its schedule does. */
export async function runJob(name: string): Promise<void> {
  const queue = new Queue(queueName('dev'), {
    connection: { url: env('E2E_REDIS_URL') },
  });
  try {
    await queue.add(name, {});
  } finally {
    await queue.close();
  }
}
