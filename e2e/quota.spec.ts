import { expect, test } from '@playwright/test';
import { refusalOf } from '@/client';
import {
  appUrl,
  control,
  leaveQuota,
  machinesOf,
  newPerson,
  offersOn,
  screenOf,
  signIn,
  signUp,
  typeLine,
} from './product';

type Call = { seq: number; action: string; status: number; path: string };
/** Returns the calls that create machines of one account, because other tests run at the same time. */
const creates = async (accountId: string, since: number) =>
  (await control<Call[]>(`/control/calls?since=${since}`)).filter(
    ({ action, path }) => action === 'machine.create' && path.includes(accountId),
  );

test('QUOTA-1 SESSION-7 from sign-up to the last second, the refusal, and on again', async ({
  page,
  context,
}) => {
  const email = `story-${Date.now()}@hourglass.test`;
  await page.goto(appUrl());
  await page.getByRole('link', { name: 'Start for free' }).click();
  const accountId = await signUp(page, 'Grace Story', email);
  await leaveQuota(accountId, 16);

  const other = await context.newPage();
  await other.goto(`${appUrl()}/dashboard`);
  await expect(other.getByRole('button', { name: 'New session' }).first()).toBeEnabled();

  await page.getByRole('button', { name: 'New session' }).first().click();
  await page.getByRole('textbox', { name: 'Name' }).fill('the story');
  await page.getByRole('button', { name: 'Create and start' }).click();
  await page.waitForURL(/\/sessions\//);
  const sessionId = new URL(page.url()).pathname.split('/').at(-1) ?? '';
  await expect(page.locator('[data-state=open]')).toBeVisible();
  // Written to a temporary file and renamed, so that the file is complete whenever the machine ends.
  await typeLine(
    page,
    'echo "all is $((40 + 2))"; while true; do date +%s%3N > new; mv new last; sleep 0.2; done',
  );
  await expect(screenOf(page)).toContainText('all is 42');
  // The quota is short: the machine and the page both show when it ends.
  await expect(page.getByTestId('stops-at')).toContainText('quota');

  await expect(page.getByText(/Stopped because the compute quota was used up/)).toBeVisible({
    timeout: 30_000,
  });
  const stoppedSeen = Date.now();
  const [machine] = await machinesOf(sessionId);
  const interval = machine?.intervals[0];
  const aliveMs = (interval?.stoppedAt ?? 0) - (interval?.startedAt ?? 0);
  expect(aliveMs).toBeLessThanOrEqual(16_000);
  expect(aliveMs).toBeGreaterThan(10_000);

  // Every way to start is disabled and says why; the other tab follows within 10 s.
  const start = page.getByRole('button', { name: 'Start', exact: true });
  await expect(start).toBeDisabled();
  await expect(start).toHaveAccessibleDescription(/compute quota is used up.*resets on/i);
  await expect(other.getByRole('button', { name: 'New session' }).first()).toBeDisabled({
    timeout: 10_000 - (Date.now() - stoppedSeen),
  });
  await expect(other.getByRole('alert').getByText('Your compute quota is used up')).toBeVisible();
  await expect(other.getByRole('alert').getByRole('link', { name: /^Add 10 hours/ })).toBeVisible();

  const callsSoFar = (await control<Call[]>('/control/calls?since=0')).at(-1)?.seq ?? 0;
  await start.click({ force: true });
  const dialog = page.getByRole('dialog', { name: 'Your compute quota is used up' });
  await expect(dialog.getByRole('link', { name: /^Add 10 hours/ })).toBeVisible();
  for (const { name } of await offersOn(page))
    await expect(dialog.getByRole('link', { name: `Upgrade to ${name}` })).toBeVisible();
  await page.keyboard.press('Escape');
  await page.goto(`${appUrl()}/dashboard?start=${sessionId}`);
  await expect(page.getByRole('dialog', { name: 'Your compute quota is used up' })).toBeVisible();
  await page.goto(`${appUrl()}/dashboard`);
  await expect(page.getByText('the story')).toBeVisible();
  await page.keyboard.press('n');
  await expect(page.getByRole('dialog', { name: 'Your compute quota is used up' })).toBeVisible();

  const response = await page.request.post(`${appUrl()}/api/trpc/session.start`, {
    data: { sessionId },
    headers: { origin: appUrl() },
  });
  expect(response.status()).toBe(402);
  const { error } = await response.json();
  expect(error.data).toMatchObject({
    reason: 'QUOTA_EXCEEDED',
    httpStatus: 402,
    quota: { level: 'exhausted' },
  });
  // Late in a month no plan with a price lifts the refusal, but a pack always does.
  expect(error.data.upgrade.plans.at(-1)).toMatchObject({ id: 'custom' });
  expect(error.data.upgrade.packs[0]).toMatchObject({
    id: 'pack10',
    url: `${appUrl()}/billing/upgrade?pack=pack10`,
  });
  expect(await creates(accountId, callsSoFar)).toEqual([]);

  await page.goto(`${appUrl()}/billing/upgrade?plan=starter`);
  await page.waitForURL(/\/c\/pay\//);

  // With more quota the same session starts again and has its last file.
  await leaveQuota(accountId, 600);
  await page.goto(`${appUrl()}/sessions/${sessionId}`);
  const again = page.getByRole('button', { name: 'Start', exact: true });
  await expect(again).toBeEnabled();
  await again.click();
  await expect(page.locator('[data-state=open]')).toBeVisible();
  await typeLine(page, 'clear; echo "saved:$(cat last):"');
  await expect(screenOf(page)).toContainText(/saved:\d{13}:/);
  const saved = Number(/saved:(\d{13}):/.exec((await screenOf(page).textContent()) ?? '')?.[1]);
  expect((interval?.stoppedAt ?? 0) - saved).toBeLessThanOrEqual(3_000);
  await page.getByRole('button', { name: 'Stop' }).click();
  await expect(page.getByText('Stopped by you.')).toBeVisible();
});

test('QUOTA-11 a refusal the page did not expect shows the same dialog and leaves no broken card', async ({
  page,
}) => {
  const person = await newPerson({ planId: 'starter' });
  const { id } = await person.api.session.create.mutate({ name: 'surprise' });
  await signIn(page, person);
  await page.route('**/api/trpc/session.batchStatus*', async (route) => {
    const response = await route.fetch();
    const body = await response.text();
    await route.fulfill({
      response,
      body: body.replace(/"start":\{[^}]*\}/, '"start":{"allowed":true,"reason":null}'),
    });
  });
  await leaveQuota(person.accountId, 0);
  await page.getByRole('article', { name: 'surprise' }).getByRole('button', { name: 'Start' }).click();
  await expect(page.getByRole('dialog', { name: 'Your compute quota is used up' })).toContainText('40 h');
  await page.keyboard.press('Escape');
  await expect(page.getByRole('article', { name: 'surprise' })).toContainText('Stopped');
  expect(await machinesOf(id)).toEqual([]);
  // The page polls all the time: pending requests end with this test, and not as an error of the next one.
  await page.unrouteAll({ behavior: 'ignoreErrors' });
});

test('QUOTA-11 a quota that runs out while the form is open turns its button off, and nothing is made', async ({
  page,
}) => {
  const person = await newPerson({ planId: 'starter' });
  await signIn(page, person);
  await page.getByRole('button', { name: 'New session' }).first().click();
  const form = page.getByRole('dialog', { name: 'New session' });
  const create = form.getByRole('button', { name: 'Create and start' });
  await expect(create).toHaveAttribute('aria-disabled', 'false');
  await leaveQuota(person.accountId, 0);
  await expect(create).toHaveAttribute('aria-disabled', 'true');
  await create.click({ force: true });
  await expect(page.getByRole('dialog', { name: 'Your compute quota is used up' })).toContainText('40 h');
  expect(await person.api.session.list.query()).toEqual([]);
});

test('QUOTA-45 QUOTA-17 warnings show the real percentage and can be dismissed for the month; an exhausted quota cannot', async ({
  page,
}) => {
  const person = await newPerson({ leftSeconds: 0.15 * 4 * 3600 });
  await signIn(page, person);
  const banner = page.getByText('85 % of your compute quota is used');
  await expect(banner).toBeVisible();
  await page.getByRole('button', { name: 'Dismiss for this month' }).click();
  await expect(banner).toBeHidden();
  await page.reload();
  await expect(page.getByRole('region', { name: 'Compute quota' })).toBeVisible();
  await expect(banner).toBeHidden();
  await leaveQuota(person.accountId, 0.002 * 4 * 3600);
  await expect(page.getByText('99.8 % of your compute quota is used')).toBeVisible();
  await leaveQuota(person.accountId, 0);
  await expect(page.getByRole('alert').getByText('Your compute quota is used up')).toBeVisible();
  await expect(page.getByRole('button', { name: 'Dismiss for this month' })).toHaveCount(0);
});

test('QUOTA-12 another app gets the same refusal through the typed client', async () => {
  const person = await newPerson({ leftSeconds: 0 });
  const { id } = await person.api.session.create.mutate({ name: 'by key' });
  const refusal = await person.api.session.start.mutate({ sessionId: id }).then(() => null, refusalOf);
  expect(refusal).toMatchObject({
    reason: 'QUOTA_EXCEEDED',
    httpStatus: 402,
    quota: { remainingSeconds: 0, level: 'exhausted' },
  });
  const { upgrade } = await person.api.quota.get.query();
  expect(upgrade?.plans.map((plan) => plan.id)).toContain('custom');
  expect(refusal?.upgrade?.plans.map((plan) => plan.id)).toEqual(upgrade?.plans.map((plan) => plan.id));
});

test('QUOTA-46 QUOTA-47 an exhausted quota shows that nothing is left, and offers the trial before any plan', async ({
  page,
}) => {
  // Less than the smallest start, and nothing is running.
  const person = await newPerson({ leftSeconds: 2 });
  await signIn(page, person);
  const banner = page.getByRole('alert', { name: 'Your compute quota is used up' });
  await expect(banner).toContainText('4 h of 4 h used, 0 s left');
  await expect(page.getByRole('region', { name: 'Compute quota' })).toContainText('4 h used of 4 h');
  await expect(page.getByTestId('quota-left')).toHaveText('0 s left');
  await expect(banner.getByRole('button', { name: 'Start your free trial · 5 h' })).toBeVisible();
  await page.getByRole('button', { name: 'New session' }).first().click({ force: true });
  const dialog = page.getByRole('dialog', { name: 'Your compute quota is used up' });
  await expect(dialog).toContainText('4 h of 4 h used, 0 s left');
  const ways = dialog.getByRole('button').or(dialog.getByRole('link'));
  await expect(ways.nth(1)).toHaveText('Start your free trial · 5 h');
  await expect(ways.nth(2)).toContainText(/^(Upgrade to \w+ · \d+ (h|min)|Add 10 hours)/);
  await dialog.getByRole('button', { name: 'Start your free trial' }).click();
  await expect(dialog).toBeHidden();
  await expect(page.getByRole('region', { name: 'Compute quota' })).toContainText('0 s used of 5 h · Trial');
  await expect(page.getByRole('button', { name: 'New session' }).first()).toBeEnabled();
  await leaveQuota(person.accountId, 1);
  await expect(page.getByRole('alert', { name: 'Your trial is used up' })).toContainText(
    '5 h of 5 h used, 0 s left',
  );
  await expect(page.getByRole('button', { name: 'Start your free trial' })).toHaveCount(0);
});
