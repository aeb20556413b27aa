import { expect, test } from '@playwright/test';
import { appUrl, newPerson, signIn } from './product';

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
    '/',
  ]) {
    await page.goto(`${appUrl()}${path}`);
    await expect(page.locator('#content')).toBeVisible();
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    expect(overflow, `${path} scrolls sideways`).toBeLessThanOrEqual(0);
  }
});
