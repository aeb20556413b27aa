import { expect, test } from '@playwright/test';
import { appUrl, newPerson, signIn } from './product';

test('BILLING-1 anybody sees the plans', async ({ page, request }) => {
  const answer = await request.get(`${appUrl()}/api/trpc/billing.plans`);
  const { result } = await answer.json();
  expect(result.data.map((plan: { id: string }) => plan.id)).toEqual([
    'free',
    'trial',
    'starter',
    'pro',
    'max',
    'custom',
  ]);
  expect(result.data[3]).toMatchObject({ monthlySeconds: 80 * 3600, maxSessions: 2, price: null });
  await page.goto(`${appUrl()}/plans`);
  await expect(page.getByRole('article', { name: 'Max' })).toContainText('160 h a month');
});

test('BILLING-2 an upgrade link leads to its plan, after signing in', async ({ page }) => {
  const person = await newPerson();
  await page.goto(`${appUrl()}/billing/upgrade?plan=pro`);
  await page.waitForURL(/\/sign-in\?next=/);
  await page.getByLabel('E-mail').fill(person.email);
  await page.getByLabel('Password').fill(person.password);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await page.waitForURL(/\/billing\/upgrade\?plan=pro/);
  await expect(page.getByText('Payments are not set up')).toBeVisible();
  await expect(page.getByRole('article', { name: 'Pro', exact: true })).toContainText('Asked for');
  await signIn(page, person);
  await expect(page.getByRole('region', { name: 'Compute quota' })).toContainText('Free');
});
