import { expect, test } from '@playwright/test';
import { accountOf, appUrl, leaveQuota, machinesOf, newPerson, operator, signIn } from './product';

test('QUOTA-31 what one user dismissed or saw in a browser is not shown to the next', async ({ page }) => {
  const first = await newPerson({ leftSeconds: 0.15 * 4 * 3600 });
  const second = await newPerson({ leftSeconds: 0.15 * 4 * 3600 });
  await first.api.session.create.mutate({ name: 'a secret of the first' });
  const banner = page.getByText('85 % of your compute quota is used');
  await signIn(page, first);
  await expect(page.getByText('a secret of the first')).toBeVisible();
  await page.getByRole('button', { name: 'Dismiss for this month' }).click();
  await expect(banner).toBeHidden();
  await page.getByRole('button', { name: 'Account menu' }).click();
  await page.getByRole('menuitem', { name: 'Sign out' }).click();
  await page.waitForURL(`${appUrl()}/`);

  // Without a page load, and with every answer held back, the page shows only data kept from before.
  await page.getByRole('link', { name: 'Sign in' }).first().click();
  await page.getByLabel('Email').fill(second.email);
  await page.getByRole('textbox', { name: 'Password' }).fill(second.password);
  let answer = () => {};
  const held = new Promise<void>((resolve) => {
    answer = resolve;
  });
  await page.route('**/api/trpc/**', async (route) => {
    await held;
    await route.continue();
  });
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await page.waitForURL(/\/dashboard/);
  await expect(page.getByRole('heading', { name: 'Sessions' })).toBeVisible();
  await expect(page.getByText('a secret of the first')).toHaveCount(0);
  answer();
  await expect(page.getByText('No sessions yet')).toBeVisible();
  await expect(banner).toBeVisible();
});

test('SESSION-34 a start that fails says so once, waits for nothing, and can be tried again', async ({
  page,
}) => {
  const person = await newPerson({ planId: 'starter' });
  const { id } = await person.api.session.create.mutate({ name: 'unlucky' });
  await signIn(page, person);
  const card = page.getByRole('article', { name: 'unlucky' });
  let asked = 0;
  for (const answer of [{ status: 503, body: 'gateway' }, { status: 500, body: '{}' }, null]) {
    await page.route('**/api/trpc/session.start*', (route) => {
      asked += 1;
      return answer ? route.fulfill(answer) : route.abort();
    });
    await card.getByRole('button', { name: 'Start' }).click();
    const dialog = page.getByRole('dialog', { name: 'This did not work' });
    await expect(dialog).toContainText(/try again/i);
    await page.keyboard.press('Escape');
    await expect(dialog).toBeHidden();
    await expect(card.getByRole('button', { name: 'Start' })).toBeEnabled();
    await page.unroute('**/api/trpc/session.start*');
  }
  expect(asked).toBe(3);
  expect(await machinesOf(id)).toEqual([]);
  await card.getByRole('button', { name: 'Start' }).click();
  await expect(card.getByText('Running')).toBeVisible();
  await card.getByRole('button', { name: 'Stop' }).click();
});

test('QUOTA-27 a trial shows its own allowance and no reset', async ({ page }) => {
  const person = await newPerson({ planId: 'trial', leftSeconds: 0.1 * 5 * 3600 });
  await signIn(page, person);
  const line = page.getByRole('region', { name: 'Compute quota' });
  await expect(line).toContainText('of 5 h · Trial');
  await expect(line).toContainText('Given once');
  await expect(page.locator('body')).not.toContainText(/resets/i);
  await expect(page.getByText(/left of your trial/)).toBeVisible();
  await leaveQuota(person.accountId, 0);
  await expect(page.getByRole('alert').getByText('Your trial is used up')).toBeVisible();
  await expect(page.locator('body')).not.toContainText(/resets/i);
});

test('ACCOUNT-22 an owner deletes their account from the settings, over quota and with a session running', async ({
  page,
}) => {
  // A volume that is still being removed is checked again after half a minute.
  test.slow();
  const person = await newPerson();
  const { id } = await person.api.session.create.mutate({ name: 'last one' });
  await person.api.session.start.mutate({ sessionId: id });
  await signIn(page, person, '/settings');
  await leaveQuota(person.accountId, 5);
  const button = page.getByRole('button', { name: 'Delete this account' });
  await expect(button).toBeDisabled();
  await expect(page.getByText('all files in all sessions are removed for good')).toBeVisible();
  await page.getByLabel(/Type .* to confirm/).fill('somebody@else.test');
  await expect(button).toBeDisabled();
  await page.getByLabel(/Type .* to confirm/).fill(person.email);
  await button.click();
  await page.waitForURL(/\/goodbye/, { timeout: 30_000 });
  await expect(page.getByRole('heading', { name: 'Your account is deleted' })).toBeVisible();
  await expect(accountOf(person.email)).rejects.toThrow();
  await page.goto(`${appUrl()}/dashboard`);
  await page.waitForURL(/\/sign-in/);
  await expect(person.api.session.list.query()).rejects.toThrow();
  await expect
    .poll(async () => (await machinesOf(id)).map((machine) => machine.state), { timeout: 30_000 })
    .toEqual(['destroyed']);
  await expect
    .poll(
      async () =>
        (
          await operator.ctx
            .sql`select 1 from account where id = ${person.accountId} and removed_at is not null`
        ).length,
      { timeout: 90_000 },
    )
    .toBe(1);
});
