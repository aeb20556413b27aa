import AxeBuilder from '@axe-core/playwright';
import { expect, type Page, test } from '@playwright/test';
import { appUrl, newPerson, offersOn, payFor, screenOf, signIn, typeLine, untilStatus } from './product';

/** Returns the problems that keep a user from reading or using the page, one line each. */
async function complaintsAbout(page: Page, rules?: string[]): Promise<string[]> {
  const axe = new AxeBuilder({ page }).exclude('.xterm');
  const { violations } = await (rules ? axe.withRules(rules) : axe).analyze();
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) =>
      nodes.map((node) => `${new URL(page.url()).pathname} ${id}: ${node.html.slice(0, 160)}`),
    );
}

/** Waits until the page shows its figures. */
async function settled(page: Page): Promise<void> {
  await expect(page.locator('#content')).toBeVisible();
  await expect(page.locator('.mantine-Skeleton-root')).toHaveCount(0);
}

/** Checks the page on light with every rule, and on dark with the rule its colours can break. */
async function complaintsOnBoth(page: Page): Promise<string[]> {
  await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' });
  const light = await complaintsAbout(page);
  await page.emulateMedia({ colorScheme: 'dark' });
  const dark = await complaintsAbout(page, ['color-contrast']);
  return [...light.map((line) => `light ${line}`), ...dark.map((line) => `dark ${line}`)];
}

async function complaintsOn(page: Page, paths: string[]): Promise<string[]> {
  const found: string[] = [];
  for (const path of paths) {
    await page.goto(`${appUrl()}${path}`);
    await settled(page);
    found.push(...(await complaintsOnBoth(page)));
  }
  return found;
}

test('SESSION-40 public pages are accessible, on light and on dark', async ({ page }) => {
  test.slow();
  const paths = ['/', '/sign-up', '/sign-in', '/forgot-password', '/reset-password', '/plans', '/nowhere'];
  expect(await complaintsOn(page, paths)).toEqual([]);
});

test('SESSION-40 pages behind the sign-in are accessible, on light and on dark', async ({ page }) => {
  test.slow();
  const person = await newPerson({ planId: 'pro' });
  const { id } = await person.api.session.create.mutate({ name: 'for all' });
  await person.api.session.create.mutate({ name: 'resting' });
  await person.api.session.start.mutate({ sessionId: id });
  await payFor(person, 'max');
  await untilStatus(person, id, 'running');
  await signIn(page, person);
  const paths = ['/dashboard', `/sessions/${id}`, '/usage', '/plans', '/billing', '/settings'];
  const found = await complaintsOn(page, paths);
  await page.goto(`${appUrl()}/dashboard?new=1`);
  await expect(page.getByRole('dialog', { name: 'New session' })).toBeVisible();
  found.push(...(await complaintsOnBoth(page)));
  expect(found).toEqual([]);
});

test('SESSION-40 QUOTA-35 the refusal is accessible, closes by keyboard and returns the focus', async ({
  page,
}) => {
  const person = await newPerson({ leftSeconds: 0 });
  const { id } = await person.api.session.create.mutate({ name: 'refused' });
  await signIn(page, person);
  await settled(page);
  const start = page.getByRole('article', { name: 'refused' }).getByRole('button', { name: 'Start' });
  await start.focus();
  await page.keyboard.press('Enter');
  const dialog = page.getByRole('dialog', { name: 'Your compute quota is used up' });
  await expect(dialog).toContainText('It resets on 1');
  await expect(dialog.getByRole('link', { name: /^Upgrade to/ })).toHaveText(
    (await offersOn(page)).map(({ name }) => new RegExp(name)),
  );
  expect(await complaintsOnBoth(page)).toEqual([]);
  for (let i = 0; i < 8; i++) {
    await page.keyboard.press('Tab');
    expect(await dialog.evaluate((node) => node.contains(document.activeElement))).toBe(true);
  }
  await page.keyboard.press('Escape');
  await expect(dialog).toBeHidden();
  await expect(start).toBeFocused();
  await page.goto(`${appUrl()}/sessions/${id}`);
  await settled(page);
  await expect(page.getByRole('alert', { name: 'Your compute quota is used up' })).toContainText(
    'your home folder are kept',
  );
  expect(await complaintsOnBoth(page)).toEqual([]);
});

test('SESSION-41 an ended sign-in leads to sign in and back; the next user sees nothing of the previous one', async ({
  page,
  context,
}) => {
  const [first, second] = [await newPerson(), await newPerson()];
  await first.api.session.create.mutate({ name: 'private matter' });
  await signIn(page, first);
  await expect(page.getByText('private matter')).toBeVisible();
  const other = await context.newPage();
  await other.goto(`${appUrl()}/usage`);
  await other.getByRole('button', { name: 'Account menu' }).click();
  await other.getByRole('menuitem', { name: 'Sign out' }).click();
  await other.waitForURL(`${appUrl()}/`);
  await page.waitForURL(/\/sign-in\?next=%2Fdashboard/);
  let seen = false;
  page.on(
    'response',
    () =>
      void page
        .getByText('private matter')
        .count()
        .then(
          (n) => (seen ||= n > 0),
          () => {},
        ),
  );
  await page.getByLabel('Email').fill(second.email);
  await page.getByRole('textbox', { name: 'Password' }).fill(second.password);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await expect(page.getByText('No sessions yet')).toBeVisible();
  expect(seen).toBe(false);
  // A signed-in user is redirected without a form.
  await page.goto(`${appUrl()}/sign-in?next=/usage`);
  await page.waitForURL(`${appUrl()}/usage`);
});

test('SESSION-42 a lost connection is reported, keeps the last state on the page, and recovers automatically', async ({
  page,
  context,
}) => {
  const person = await newPerson();
  await person.api.session.create.mutate({ name: 'still here' });
  await signIn(page, person);
  await expect(page.getByText('still here')).toBeVisible();
  await page.route('**/api/trpc/session.batchStatus*', (route) => route.abort());
  const notice = page.getByRole('status').filter({ hasText: 'the last known state' });
  await expect(notice).toContainText('cannot be reached', { timeout: 20_000 });
  await expect(page.getByText('still here')).toBeVisible();
  await page.unroute('**/api/trpc/session.batchStatus*');
  await expect(notice).toHaveCount(0);
  await context.setOffline(true);
  await expect(notice).toContainText('You are offline');
  await context.setOffline(false);
  await expect(notice).toHaveCount(0);
});

test('SESSION-43 changes of state are announced to screen readers; tabs work by keyboard and survive a reload', async ({
  page,
}) => {
  const person = await newPerson({ planId: 'pro' });
  const { id } = await person.api.session.create.mutate({ name: 'spoken' });
  await signIn(page, person, `/sessions/${id}`);
  await expect(page).toHaveTitle('spoken · Hourglass');
  await page.getByRole('button', { name: 'Start', exact: true }).click();
  const told = page.getByRole('status').filter({ hasText: /^spoken: / });
  await expect(told).toHaveText('spoken: Running');
  await expect(page.locator('[data-state=open]')).toBeVisible();
  await typeLine(page, 'echo "one $((0 + 1))"');
  for (let tab = 2; tab <= 6; tab++) await page.getByRole('button', { name: 'New tab' }).click();
  await expect(page.getByRole('tab')).toHaveCount(6);
  await expect(page.getByRole('button', { name: /6 tabs are the most/ })).toBeDisabled();
  await page.getByRole('tab', { name: 'Tab 6' }).focus();
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('tab', { name: 'Tab 1' })).toHaveAttribute('aria-selected', 'true');
  await expect(screenOf(page)).toContainText('one 1');
  await page.reload();
  await expect(page.getByRole('tab')).toHaveCount(6);
  await person.api.session.stop.mutate({ sessionId: id });
  await expect(told).toHaveText('spoken: Stopped');
});

test('QUOTA-36 a blocked and a pending account show why nothing can be started, without hovering', async ({
  page,
}) => {
  for (const [status, words] of [
    ['blocked', 'This account is blocked'],
    ['pending', 'This account waits for approval'],
  ] as const) {
    const person = await newPerson({ status });
    await page.context().clearCookies();
    await signIn(page, person);
    await expect(page.getByRole('alert', { name: words })).toBeVisible();
    await page.keyboard.press('n');
    await expect(page.getByRole('dialog', { name: words })).toBeVisible();
  }
});
