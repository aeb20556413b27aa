import { afterAll, beforeAll, expect, it } from 'vitest';
import { askLibrary } from '@/test/ask-library';
import { createWorld, type World } from '@/test/world';
import { ADDRESS_HEADER } from '../http/address';
import { openRates, type Rates } from '../http/rate';
import { newId } from '../ids';
import { metrics } from '../metrics';
import { makeAuth } from './auth';
import { countSignUp } from './count-sign-up';
import { createAccount } from './create-account';
import { reportFreeSeconds } from './report-free-seconds';

let world: World;
const opened: Rates[] = [];
beforeAll(async () => {
  world = await createWorld();
});
afterAll(async () => {
  await Promise.all(opened.map((rates) => rates.close()));
  await world.close();
});

/** Opens limits that count in this process alone; returns a function with the outcome of counting one sign-up. */
function limits(signUpsPerDay: number) {
  const rates = openRates('redis://127.0.0.1:9', 10, signUpsPerDay);
  opened.push(rates);
  return (address: string, email = `b-${newId()}@x.test`) =>
    countSignUp({ ...world.ctx, rates }, { email, address }).then(
      () => 'ok',
      (error: Error & { reason: string }) => `${error.reason}: ${error.message}`,
    );
}
const tally = (outcomes: string[]) => outcomes.filter((outcome) => outcome === 'ok').length;

it('ACCOUNT-90 sign-ups are counted by address and by network: the /24 of IPv4, the /48 of IPv6', async () => {
  const take = limits(100_000);
  const from: string[] = [];
  for (let i = 0; i < 400; i++) from.push(await take(`203.0.113.${i % 200}`));
  expect(tally(from)).toBe(300);
  expect(from.at(-1)).toMatch(/^RATE_LIMITED: Too many people signed up from your network today\. Try again/);
  expect(await take('203.0.114.1')).toBe('ok');
  const six: string[] = [];
  for (let i = 0; i < 310; i++) six.push(await take(`2001:db8:7:${i.toString(16)}::`));
  expect(tally(six)).toBe(300);
  expect(await take('2001:db8:8:1::')).toBe('ok');
  const one: string[] = [];
  for (let i = 0; i < 101; i++) one.push(await take('198.51.100.7'));
  expect(tally(one)).toBe(100);
  expect(one.at(-1)).toContain('from your address today');
});

it('ACCOUNT-91 an installation takes a number of sign-ups a day, then refuses, raises an alarm and writes one note a day', async () => {
  const take = limits(5);
  const before = await refusedFor('installation');
  const outcomes = [];
  for (let i = 0; i < 8; i++) outcomes.push(await take(`192.0.${i}.1`));
  expect(tally(outcomes)).toBe(5);
  expect(outcomes.at(-1)).toMatch(/^RATE_LIMITED: Too many people signed up today\./);
  expect((await refusedFor('installation')) - before).toBe(3);
  const notes = await world.ctx.sql<{ subject: string; body: string }[]>`
    select subject, body from operator_note where kind = 'sign_ups'`;
  expect(notes).toHaveLength(1);
  expect(notes[0]?.body).toContain('SIGNUP_RATE_PER_DAY');
});

const refusedFor = async (reason: string) =>
  (await metrics.signUpsRefused.get()).values.find(({ labels }) => labels.reason === reason)?.value ?? 0;

it('ACCOUNT-92 an address of a throw-away service is refused at sign-up and as a new address, in any case and under its subdomains', async () => {
  const auth = makeAuth({ ...world.ctx, mail: { send: async () => {}, close: () => {} } });
  const ask = (path: string, body: object, cookie = '') =>
    askLibrary(auth, path, body, { [ADDRESS_HEADER]: '192.0.2.1', ...(cookie ? { cookie } : {}) });
  const body = { password: 'a-good-password', name: 'P' };
  for (const email of ['a@mailinator.com', 'b@MAILINATOR.com', 'c@some.mailinator.com']) {
    const answer = await ask('/sign-up/email', { ...body, email });
    expect([answer.status, await answer.json()], email).toEqual([
      400,
      expect.objectContaining({
        code: 'INVALID_INPUT',
        message: expect.stringContaining('throw-away'),
      }),
    ]);
    expect(await world.ctx.sql`select 1 from auth_user where email = ${email.toLowerCase()}`).toHaveLength(0);
  }
  const take = limits(100);
  expect(await take('192.0.2.9', 'd@mailinator.com')).toContain('INVALID_INPUT');
  expect(await take('192.0.2.9', 'd@notmailinator-x.test')).toBe('ok');
  const email = `e-${newId()}@x.test`;
  await createAccount(world.ctx, { email, password: body.password });
  const signedIn = await ask('/sign-in/email', { email, password: body.password });
  const cookie = signedIn.headers
    .getSetCookie()
    .map((line) => line.split(';')[0])
    .join('; ');
  const move = await ask('/new-address', { email: 'f@mailinator.com' }, cookie);
  expect([move.status, (await move.json()).code]).toEqual([400, 'INVALID_INPUT']);
  expect((await ask('/new-address', { email: `g-${newId()}@x.test` }, cookie)).status).toBe(200);
});

it('ACCOUNT-93 the free seconds of the month are a metric by age of the sign-up; who pays does not count', async () => {
  const { sql } = world.ctx;
  const used = async (days: number, usedMs: number, own = 'free', period?: string) => {
    const id = newId();
    await sql`insert into account (id, name, status, own_plan_id, created_at)
      values (${id}, 'a', 'active', ${own}, hg_clock() - ${days} * interval '1 day')`;
    await sql`insert into usage_period (account_id, period, quota_ms, used_ms)
      values (${id}, ${period ?? sql`to_char(hg_clock() at time zone 'UTC', 'YYYY-MM')`}, 1000000000, ${usedMs})`;
    return id;
  };
  await used(0, 60_000);
  await used(0, 30_000, 'free', 'trial');
  await used(3, 7_000);
  await used(20, 5_000);
  await used(400, 2_000);
  await used(0, 999_000, 'pro');
  await used(400, 999_000, 'free', '2020-01');
  const payer = await used(0, 999_000);
  await sql`insert into subscription (account_id, stripe_subscription_id, item_id, plan_id, price_id, status, currency,
    amount, started_at, period_start, period_end)
    values (${payer}, ${newId()}, 'si', 'pro', 'price', 'active', 'usd', 1900, hg_clock(), hg_clock(),
      hg_clock() + interval '1 month')`;
  await reportFreeSeconds(world.ctx);
  const values = (await metrics.freeSeconds.get()).values.map(({ labels, value }) => [labels.age, value]);
  expect(Object.fromEntries(values)).toEqual({ day: 90, week: 7, month: 5, older: 2 });
});
