import { expect, type Page, test } from '@playwright/test';
import { totpOf } from '@/test/totp';
import { appUrl, linkTo, newPerson, operator, signIn } from './product';

/** Makes every sign-in of a user an hour old. */
const age = (email: string) =>
  operator.ctx.sql`
    update auth_sign_in set created_at = now() - interval '1 hour', proven_at = null
    where user_id = (select id from auth_user where email = ${email})`;

async function givePassword(page: Page, password: string): Promise<void> {
  const dialog = page.getByRole('dialog', { name: 'Confirm your password' });
  await dialog.getByLabel('Your password').fill(password);
  await dialog.getByRole('button', { name: 'Continue' }).click();
  await expect(dialog).toBeHidden();
}

test('ACCOUNT-41 ACCOUNT-42 another sign-in is seen and ended, and an old one gives the password before it makes a key', async ({
  page,
  browser,
}) => {
  const person = await newPerson();
  const other = await (
    await browser.newContext({
      userAgent:
        'Mozilla/5.0 (iPhone; CPU iPhone OS 19_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/19.1 Mobile/15E148 Safari/604.1',
    })
  ).newPage();
  await signIn(other, person);
  await signIn(page, person, '/settings');
  const table = page.getByRole('table', { name: 'Sign-ins' });
  await expect(table.getByRole('row')).toHaveCount(2);
  await expect(table.getByRole('row').first()).toContainText('This browser');
  await page.getByRole('button', { name: 'Sign out Safari on iPhone' }).click();
  await expect(table.getByRole('row')).toHaveCount(1);
  await other.goto(`${appUrl()}/settings`);
  await other.waitForURL(/\/sign-in/);
  await other.context().close();

  await age(person.email);
  await page.getByLabel('Name of the key').fill('ci');
  await page.getByRole('checkbox', { name: 'session:read' }).check();
  await page.getByRole('button', { name: 'Create key' }).click();
  await givePassword(page, person.password);
  await expect(page.getByTestId('fresh-key')).toContainText('hg_');
});

test('ACCOUNT-43 a second factor is set up, asked for when signing in, and a recovery code stands in for a lost app', async ({
  page,
  browser,
}) => {
  const person = await newPerson();
  await signIn(page, person, '/settings');
  await page.getByRole('button', { name: 'Set up second factor' }).click();
  await givePassword(page, person.password);
  await expect(page.getByRole('img', { name: 'The key as a QR code' })).toBeVisible();
  const secret = (await page.getByTestId('second-factor-key').textContent()) ?? '';
  const recovery = await page.getByTestId('recovery-codes').locator('code').first().textContent();
  await page.getByLabel('Code from the app').fill(totpOf(secret));
  await page.getByRole('button', { name: 'Turn on' }).click();
  await expect(page.getByText('Signing in asks for a code')).toBeVisible();

  const other = await (await browser.newContext()).newPage();
  const begin = async () => {
    await other.goto(`${appUrl()}/sign-in`);
    await other.getByLabel('Email').fill(person.email);
    await other.getByRole('textbox', { name: 'Password' }).fill(person.password);
    await other.getByRole('button', { name: 'Sign in', exact: true }).click();
  };
  await begin();
  await other.getByLabel('Code from your authenticator app').fill('000000');
  await other.getByRole('button', { name: 'Continue' }).click();
  await expect(other.getByRole('alert').filter({ hasText: 'not valid' })).toBeVisible();
  await other.getByLabel('Code from your authenticator app').fill(totpOf(secret, Date.now() + 30_000));
  await other.getByRole('button', { name: 'Continue' }).click();
  await other.waitForURL(/\/dashboard/);
  await other.context().clearCookies();
  await begin();
  await other.getByRole('button', { name: 'Use a recovery code' }).click();
  await other.getByLabel('Recovery code').fill(recovery ?? '');
  await other.getByRole('button', { name: 'Continue' }).click();
  await other.waitForURL(/\/dashboard/);
  await other.context().close();
});

test('ACCOUNT-45 ACCOUNT-46 name, address and password are changed in the settings', async ({
  page,
  browser,
}) => {
  const person = await newPerson();
  await signIn(page, person, '/settings');
  const name = page.getByRole('form', { name: 'Name' });
  await name.getByRole('textbox').fill('Augusta King');
  await name.getByRole('button', { name: 'Change name' }).click();
  await expect(name.getByRole('status')).toContainText('Your name is changed');

  await age(person.email);
  const moved = `moved-${Date.now()}@hourglass.test`;
  const address = page.getByRole('form', { name: 'Address' });
  await address.getByLabel('New email').fill(moved);
  await address.getByRole('button', { name: 'Change email' }).click();
  await givePassword(page, person.password);
  await expect(address.getByRole('status')).toContainText(`on its way to ${person.email}`);
  // The email to the old address may be read on another device.
  const elsewhere = await (await browser.newContext()).newPage();
  await elsewhere.goto(await linkTo(person.email, 'Move your account to another address'));
  await elsewhere.getByRole('button', { name: 'Move my account' }).click();
  await expect(elsewhere.getByRole('status')).toContainText(`on its way to ${moved}`);
  const link = await linkTo(moved, 'Confirm your new address');
  await elsewhere.goto(link);
  await expect(elsewhere.getByRole('link', { name: 'Sign in' })).toBeVisible();
  await page.goto(link);
  await page.getByRole('button', { name: 'Confirm this address' }).click();
  await expect(page.getByRole('status')).toContainText(`Your address is ${moved} now`);

  await page.getByRole('link', { name: 'Settings' }).click();
  const password = page.getByRole('form', { name: 'Password' });
  await password.getByLabel('Current password').fill(person.password);
  await password.getByLabel('New password').fill('another-password');
  await password.getByRole('button', { name: 'Change password' }).click();
  await expect(password.getByRole('status')).toContainText('Your new password is set');
  await signIn(elsewhere, { email: moved, password: 'another-password' });
  await elsewhere.context().close();
});
