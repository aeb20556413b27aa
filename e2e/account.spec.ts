import { expect, test } from '@playwright/test';
import { accountOf, appUrl, control, newPerson, signIn } from './product';

type Mail = { subject: string; text: string; to: string[] };

test('ACCOUNT-1 ACCOUNT-2 signing up makes one account; the address is confirmed by mail', async ({
  page,
}) => {
  const email = `Mixed.Case-${Date.now()}@Hourglass.test`;
  await page.goto(`${appUrl()}/sign-up`);
  await page.getByLabel('Name').fill('Mixed Case');
  await page.getByLabel('E-mail').fill(`  ${email} `);
  await page.getByLabel('Password').fill('a-good-password');
  await page.getByRole('button', { name: 'Sign up' }).click();
  await expect(page.getByText('No sessions yet')).toBeVisible();
  expect(await accountOf(email.toLowerCase())).toMatch(/^[0-9a-f-]{36}$/);
  await expect
    .poll(async () => (await control<Mail[]>(`/control/mail?to=${email.toLowerCase()}`)).length)
    .toBe(1);
  const [letter] = await control<Mail[]>(`/control/mail?to=${email.toLowerCase()}`);
  expect(letter?.subject).toBe('Confirm your address');
  await page.goto(/https?:\S+/.exec(letter?.text ?? '')?.[0] ?? '');
  await page.goto(`${appUrl()}/settings`);
  await expect(page.getByText('Your address is confirmed')).toBeVisible();
});

test('ACCOUNT-3 a lost password is replaced by mail', async ({ page }) => {
  const person = await newPerson();
  await page.goto(`${appUrl()}/sign-in`);
  await page.getByLabel('E-mail').fill(person.email);
  await page.getByLabel('Password').fill('not-the-password');
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await expect(page.getByText('do not belong together')).toBeVisible();
  await page.getByRole('link', { name: 'Forgot your password?' }).click();
  // Both pages have a field of this name: the one that is left must not get the address.
  await page.waitForURL(/\/forgot-password/);
  await page.getByLabel('E-mail').fill(person.email);
  await page.getByRole('button', { name: 'Send me a link' }).click();
  await expect(page.getByRole('status')).toContainText('a letter is on its way');
  await expect.poll(async () => (await control<Mail[]>(`/control/mail?to=${person.email}`)).length).toBe(1);
  const [letter] = await control<Mail[]>(`/control/mail?to=${person.email}`);
  await page.goto(/https?:\S+/.exec(letter?.text ?? '')?.[0] ?? '');
  await page.getByLabel('New password').fill('another-password');
  await page.getByRole('button', { name: 'Set new password' }).click();
  await expect(page.getByRole('status')).toContainText('Your new password is set');
  await signIn(page, { ...person, password: 'another-password' });
});

test('ACCOUNT-4 an API key is made, shown once, works within its scopes, and is revoked', async ({
  page,
  request,
}) => {
  const person = await newPerson();
  await signIn(page, person, '/settings');
  await page.getByLabel('Name of the key').fill('ci');
  await page.getByRole('checkbox', { name: 'session:read' }).check();
  await page.getByRole('button', { name: 'Make key' }).click();
  const key = await page.getByTestId('fresh-key').textContent();
  expect(key).toMatch(/^hg_/);
  const call = (path: string, init = {}) =>
    request.get(`${appUrl()}/api/trpc/${path}`, { headers: { authorization: `Bearer ${key}` }, ...init });
  expect((await call('session.batchStatus')).status()).toBe(200);
  expect((await call('usage.runs')).status()).toBe(403);
  await page.reload();
  await expect(page.getByTestId('fresh-key')).toHaveCount(0);
  await page.getByRole('row', { name: /ci/ }).getByRole('button', { name: 'Revoke' }).click();
  await expect(page.getByRole('row', { name: /\bci\b/ })).toHaveCount(0);
  expect((await call('session.batchStatus')).status()).toBe(401);
});

test('ACCOUNT-12 pages run their own scripts only, and say so to the browser', async ({ page, request }) => {
  test.slow();
  const person = await newPerson();
  const nonces = new Set<string>();
  for (const path of ['/', '/sign-in', '/plans']) {
    const answer = await request.get(`${appUrl()}${path}`);
    const headers = answer.headers();
    const policy = headers['content-security-policy'] ?? '';
    const scripts = policy.split('; ').find((part) => part.startsWith('script-src')) ?? '';
    expect(scripts, path).toMatch(/^script-src 'self' 'nonce-[\w-]{36}' 'strict-dynamic'$/);
    expect(policy).toContain("frame-ancestors 'none'");
    nonces.add(scripts);
    expect(headers['strict-transport-security']).toContain('max-age=31536000');
    expect(headers['x-content-type-options']).toBe('nosniff');
    expect(headers['referrer-policy']).toBeTruthy();
    expect(headers['permissions-policy']).toContain('camera=()');
  }
  expect(nonces.size).toBe(3);
  const complaints: string[] = [];
  page.on('console', (message) => {
    if (/content security policy/i.test(message.text())) complaints.push(message.text());
  });
  for (const path of ['/sign-up', '/forgot-password', '/reset-password?token=x', '/nowhere']) {
    await page.goto(`${appUrl()}${path}`);
    await expect(page.getByRole('heading').first()).toBeVisible();
  }
  await signIn(page, person);
  const { id } = await person.api.session.create.mutate({ name: 'looked at' });
  const rooms = ['/dashboard', `/sessions/${id}`, '/plans', '/usage', '/billing', '/settings'];
  for (const path of [...rooms, '/billing/upgrade', '/billing/return?checkout=x', '/']) {
    await page.goto(`${appUrl()}${path}`);
    await expect(page.locator('#content')).toBeVisible();
  }
  expect(complaints).toEqual([]);
  const ran = await page.evaluate(async () => {
    const script = document.createElement('div');
    script.innerHTML = '<img src="x" onerror="window.injected = true">';
    document.body.append(script);
    await new Promise((resolve) => setTimeout(resolve, 300));
    return (window as unknown as { injected?: boolean }).injected ?? false;
  });
  expect(ran).toBe(false);
});

test('ACCOUNT-13 guessing a password is slowed down, with a sentence', async ({ page }) => {
  const person = await newPerson();
  for (let i = 0; i < 10; i++) {
    await page.request.post(`${appUrl()}/api/auth/sign-in/email`, {
      headers: { origin: appUrl() },
      data: { email: person.email, password: `guess-number-${i}` },
    });
  }
  await page.goto(`${appUrl()}/sign-in`);
  await page.getByLabel('E-mail').fill(person.email);
  await page.getByLabel('Password').fill(person.password);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await expect(page.getByText(/too many tries to sign in/i)).toBeVisible();
});
