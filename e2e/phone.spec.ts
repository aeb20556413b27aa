import { expect, type Locator, test } from '@playwright/test';
import { appUrl, newPerson, screenOf, signIn, untilStatus } from './product';
import { keyboardIsIn, open } from './terminals';

test('SESSION-12 the whole product fits a small phone', async ({ page }) => {
  const person = await newPerson({ planId: 'pro' });
  await person.api.session.create.mutate({
    name: 'a rather long name that has to be cut somewhere on a phone',
  });
  await signIn(page, person);
  const { id } = (await person.api.session.list.query())[0] ?? { id: '' };
  for (const path of [
    '/dashboard',
    `/sessions/${id}`,
    '/usage',
    '/plans',
    '/settings',
    '/billing',
    '/billing/return?checkout=nothing',
    '/billing/upgrade?plan=custom',
    '/sessions/none/there',
    '/',
  ]) {
    await page.goto(`${appUrl()}${path}`);
    await expect(page.locator('#content')).toBeVisible();
    await expect(page.getByRole('banner')).toHaveCount(1);
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    expect(overflow, `${path} scrolls sideways`).toBeLessThanOrEqual(0);
  }
});

/** Returns whether the whole label of a button is visible. */
const isWhole = (button: Locator) =>
  button.locator('.mantine-Button-label').evaluate((label) => label.scrollWidth <= label.clientWidth + 1);

test('SESSION-12 QUOTA-47 SESSION-50 the remedies of a refusal are fully visible on a small phone', async ({
  page,
}) => {
  const used = await newPerson({ leftSeconds: 0 });
  await signIn(page, used);
  // Until the quota is loaded, the button says so and does nothing.
  await expect(page.getByRole('alert', { name: 'Your compute quota is used up' })).toBeVisible();
  await page.getByRole('button', { name: 'New session' }).first().click({ force: true });
  const dialog = page.getByRole('dialog');
  await expect(dialog.getByRole('button', { name: 'Start your free trial' })).toBeVisible();
  const offers = dialog.getByRole('group', { name: 'Upgrade' }).getByRole('link');
  for (const offer of await offers.all()) expect(await isWhole(offer)).toBe(true);

  const limited = await newPerson();
  const name = 'a running session with a name that is longer than a small phone is wide';
  const first = await limited.api.session.create.mutate({ name });
  await limited.api.session.create.mutate({ name: 'second' });
  await limited.api.session.start.mutate({ sessionId: first.id });
  await untilStatus(limited, first.id, 'running');
  await page.context().clearCookies();
  await signIn(page, limited);
  const card = page.getByRole('article', { name: 'second' });
  await card.getByRole('button', { name: 'Start' }).click({ force: true });
  expect(await isWhole(dialog.getByRole('button', { name: `Stop “${name}” and start this` }))).toBe(true);
  await limited.api.session.stop.mutate({ sessionId: first.id });
});

test('SESSION-114 keys beside a phone keyboard are whole, leave it open, and hold Ctrl and Alt', async ({
  page,
}) => {
  await open(page, 'held');
  const keys = page.getByRole('toolbar', { name: 'Keys' }).getByRole('button');
  await expect(keys).toHaveCount(16);
  for (const key of await keys.all()) {
    expect(await isWhole(key)).toBe(true);
    await expect(key).toBeInViewport({ ratio: 1 });
  }
  const key = (name: string) => page.getByRole('button', { name, exact: true });
  await keyboardIsIn(page);
  await page.keyboard.type('stty -echo; cat -v; stty echo; echo "un""til"\n');
  await key('Esc').tap();
  await keyboardIsIn(page);
  await key('Ctrl').tap();
  await expect(key('Ctrl')).toHaveAttribute('aria-pressed', 'true');
  await page.keyboard.type('a');
  await expect(key('Ctrl')).toHaveAttribute('aria-pressed', 'false');
  await key('Alt').tap();
  await page.keyboard.type('b');
  for (const name of ['|', '~', 'Up']) await key(name).tap();
  await page.keyboard.type('c\n');
  await expect(screenOf(page)).toContainText('^[^A^[b|~^[[Ac');
  await key('Ctrl D').tap();
  await expect(screenOf(page)).toContainText('until');
  await keyboardIsIn(page);
  // The height that a phone's keyboard leaves: the terminal and its keys stay visible.
  await page.setViewportSize({ width: 360, height: 380 });
  await expect(key('Esc')).toBeInViewport({ ratio: 1 });
  const height = (await page.locator('.terminal-body').boundingBox())?.height ?? 0;
  expect(height).toBeGreaterThan(380 * 0.6);
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  expect(overflow).toBeLessThanOrEqual(0);
});
