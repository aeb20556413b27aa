import { expect, type Page, test } from '@playwright/test';
import {
  appUrl,
  askForAccount,
  confirmAddress,
  control,
  linkTo,
  newPerson,
  operator,
  type Person,
  signIn,
  signUp,
} from './product';

type Mail = { subject: string; text: string; to: string[] };

/** Creates a signed-in user whose address is not confirmed, as sign-ins of older builds are. */
async function signInUnconfirmed(page: Page): Promise<Person> {
  const person = await newPerson();
  await signIn(page, person);
  await operator.ctx.sql`update auth_user set email_verified = false where email = ${person.email}`;
  await page.reload();
  return person;
}

test('ACCOUNT-1 ACCOUNT-2 ACCOUNT-61 signing up makes one account; the link in the email finishes it and leads on', async ({
  page,
}) => {
  const email = `Mixed.Case-${Date.now()}@Hourglass.test`;
  expect(await signUp(page, 'Mixed Case', `  ${email} `)).toMatch(/^[0-9a-f-]{36}$/);
  await page.goto(`${appUrl()}/settings`);
  await expect(page.getByText('Your address is confirmed')).toBeVisible();
});

test('ACCOUNT-60 signing up shows the same page for an address that has an account, whose owner gets an email', async ({
  page,
}) => {
  const person = await newPerson();
  const shown: string[] = [];
  for (const email of [person.email, person.email.replace('person-', 'nobody-')]) {
    await askForAccount(page, 'Somebody', email);
    shown.push(((await page.locator('main').textContent()) ?? '').replace(email, 'X'));
    expect((await page.context().cookies()).map(({ name }) => name)).toEqual(['hourglass.sign_up']);
    await page.context().clearCookies();
  }
  expect(shown[0]).toBe(shown[1]);
  expect(await linkTo(person.email, 'You have an account already')).toBe(`${appUrl()}/sign-in`);
});

test('ACCOUNT-61 a link opened in another tab takes the first one along, to the page that was wanted', async ({
  page,
  context,
}) => {
  const email = `two-tabs-${Date.now()}@hourglass.test`;
  await page.goto(`${appUrl()}/sign-up?next=${encodeURIComponent('/settings')}`);
  await page.getByLabel('Email').fill(email);
  await page.getByRole('textbox', { name: 'Password' }).fill('a-good-password');
  await page.getByRole('button', { name: 'Sign up' }).click();
  await expect(page.getByRole('status')).toContainText('We sent an email');
  await page.getByRole('button', { name: 'Send the email again' }).click();
  await expect(page.getByRole('button', { name: 'The email is on its way' })).toBeVisible();
  const tab = await context.newPage();
  await tab.goto(await linkTo(email, 'Confirm your address'));
  await tab.getByRole('button', { name: 'Confirm this address' }).click();
  await tab.waitForURL(/\/settings$/);
  await page.bringToFront();
  await page.evaluate(() => window.dispatchEvent(new Event('focus')));
  await page.waitForURL(/\/settings$/);
});

test('ACCOUNT-32 ACCOUNT-36 nothing starts before the address is confirmed, every refusal sends the email again, and the link needs a click', async ({
  page,
  request,
}) => {
  const person = await signInUnconfirmed(page);
  const messages = async () => (await control<Mail[]>(`/control/mail?to=${person.email}`)).length;
  await expect(page.getByRole('alert', { name: 'Confirm your address first' })).toBeVisible();
  await page.getByRole('button', { name: 'New session' }).first().click({ force: true });
  const dialog = page.getByRole('dialog', { name: 'Confirm your address first' });
  await dialog.getByRole('button', { name: 'Send the email again' }).click();
  await expect(dialog.getByRole('button', { name: 'The email is on its way' })).toBeVisible();
  await expect.poll(messages).toBe(1);
  const link = await linkTo(person.email, 'Confirm your address');
  // Mail scanners open links like this.
  expect((await request.get(link)).status()).toBe(200);
  await page.goto(`${appUrl()}/plans`);
  await page.getByRole('article', { name: 'Trial' }).getByRole('button').click();
  const notice = page.getByRole('alert').filter({ hasText: 'start the trial' });
  await notice.getByRole('button', { name: 'Send the email again' }).click();
  await expect.poll(messages).toBe(2);
  await page.goto(`${appUrl()}/settings`);
  await expect(page.getByText('API keys can be made once your address is confirmed')).toBeVisible();

  await page.goto(`${link.slice(0, -1)}`);
  await expect(page.getByRole('heading', { name: 'This link is not valid any more' })).toBeVisible();
  await page.getByRole('button', { name: 'Send a new link' }).click();
  await expect.poll(messages).toBe(3);
  await confirmAddress(page, person.email);
  await page.goto(link);
  await expect(page.getByRole('heading', { name: 'This address is confirmed' })).toBeVisible();
  await page.getByRole('link', { name: 'To your sessions' }).click();
  await expect(page.getByRole('button', { name: 'New session' }).first()).toBeEnabled();
});

test('ACCOUNT-33 a planted account owns nothing once the owner of the address has come', async ({
  page,
  browser,
}) => {
  const person = await signInUnconfirmed(page);
  const { email } = person;
  const created = await page.request.post(`${appUrl()}/api/trpc/session.create`, {
    data: { name: 'planted' },
    headers: { origin: appUrl() },
  });
  expect(created.status()).toBe(200);
  const refused = await page.request.post(`${appUrl()}/api/trpc/apiKey.create`, {
    data: { name: 'planted', scopes: ['session:write'] },
    headers: { origin: appUrl() },
  });
  expect([refused.status(), (await refused.json()).error.data.reason]).toEqual([403, 'EMAIL_UNCONFIRMED']);
  const list = async (headers: Record<string, string>) =>
    (await page.request.get(`${appUrl()}/api/trpc/session.list`, { headers })).status();
  // The operator's key stands for one made before keys needed a confirmed address.
  const byKey = { authorization: `Bearer ${person.apiKey}` };
  expect([await list({}), await list(byKey)]).toEqual([200, 200]);

  const owner = await (await browser.newContext()).newPage();
  await owner.goto(`${appUrl()}/forgot-password`);
  await owner.getByLabel('Email').fill(email);
  await owner.getByRole('button', { name: 'Send me a link' }).click();
  await owner.goto(await linkTo(email, 'Choose a new password'));
  await expect(owner.getByText('one session made in this account before')).toBeVisible();
  await owner.getByLabel('New password').fill('the-owners-password');
  await owner.getByRole('button', { name: 'Set new password' }).click();
  await expect(owner.getByRole('status')).toContainText('Your new password is set');
  expect([await list({}), await list(byKey)]).toEqual([401, 401]);
  await signIn(owner, { email, password: 'the-owners-password' });
  await expect(owner.getByText('No sessions yet')).toBeVisible();
  await expect(owner.getByRole('button', { name: 'New session' }).first()).toBeEnabled();
  await owner.context().close();
});

test('ACCOUNT-33 ACCOUNT-61 confirming in another browser asks for the password, or explains what ends and leads to a new password', async ({
  page,
  browser,
}) => {
  const email = `handed-over-${Date.now()}@hourglass.test`;
  await askForAccount(page, 'Somebody', email);
  const owner = await (await browser.newContext()).newPage();
  await owner.goto(await linkTo(email, 'Confirm your address'));
  await owner.getByRole('textbox', { name: 'Password' }).fill('not-the-password');
  await owner.getByRole('button', { name: 'Confirm and sign in' }).click();
  await expect(owner.getByRole('alert').filter({ hasText: 'not the password' })).toBeVisible();
  await owner.getByRole('button', { name: 'Choose a new password instead' }).click();
  await expect(owner.getByText('all sign-ins and API keys made before end')).toBeVisible();
  await owner.getByRole('button', { name: 'Confirm this address' }).click();
  await owner.getByLabel('New password').fill('the-owners-password');
  await owner.getByRole('button', { name: 'Set new password' }).click();
  await expect(owner.getByRole('status')).toContainText('Your new password is set');
  await signIn(owner, { email, password: 'the-owners-password' });
  await owner.context().close();
});

test('ACCOUNT-3 a lost password is replaced by mail', async ({ page }) => {
  const person = await newPerson();
  await page.goto(`${appUrl()}/sign-in`);
  await page.getByLabel('Email').fill(person.email);
  await page.getByRole('textbox', { name: 'Password' }).fill('not-the-password');
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await expect(page.getByText('email or password is not correct')).toBeVisible();
  await page.getByRole('link', { name: 'Forgot your password?' }).click();
  // Both pages have a field of this name; the page being left must not receive the address.
  await page.waitForURL(/\/forgot-password/);
  await page.getByLabel('Email').fill(person.email);
  await page.getByRole('button', { name: 'Send me a link' }).click();
  await expect(page.getByRole('status')).toContainText('an email is on its way');
  await expect.poll(async () => (await control<Mail[]>(`/control/mail?to=${person.email}`)).length).toBe(1);
  const [message] = await control<Mail[]>(`/control/mail?to=${person.email}`);
  await page.goto(/https?:\S+/.exec(message?.text ?? '')?.[0] ?? '');
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
  await page.getByLabel('Expires').selectOption('In 90 days');
  await page.getByRole('button', { name: 'Create key' }).click();
  const key = await page.getByTestId('fresh-key').textContent();
  expect(key).toMatch(/^hg_/);
  const call = (path: string, init = {}) =>
    request.get(`${appUrl()}/api/trpc/${path}`, { headers: { authorization: `Bearer ${key}` }, ...init });
  expect((await call('session.batchStatus')).status()).toBe(200);
  expect((await call('usage.runs')).status()).toBe(403);
  await page.reload();
  await expect(page.getByTestId('fresh-key')).toHaveCount(0);
  await expect(page.getByRole('row', { name: /^ci / })).toContainText(/ends \d/);
  await page.getByRole('row', { name: /^ci / }).getByRole('button', { name: 'Revoke' }).click();
  await expect(page.getByRole('row', { name: /^ci / })).toHaveCount(0);
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

test('ACCOUNT-13 guessing a password is rate limited, and the page says so', async ({ page }) => {
  const person = await newPerson();
  for (let i = 0; i < 10; i++) {
    await page.request.post(`${appUrl()}/api/auth/sign-in/email`, {
      headers: { origin: appUrl() },
      data: { email: person.email, password: `guess-number-${i}` },
    });
  }
  await page.goto(`${appUrl()}/sign-in`);
  await page.getByLabel('Email').fill(person.email);
  await page.getByRole('textbox', { name: 'Password' }).fill(person.password);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await expect(page.getByText(/too many attempts to sign in/i)).toBeVisible();
});

test('ACCOUNT-85 ACCOUNT-86 what breaks in a page is reported once, with its release and without what identifies somebody', async ({
  page,
}) => {
  const person = await newPerson();
  await signIn(page, person);
  await expect(page.getByRole('heading', { name: 'Sessions' })).toBeVisible();
  const reported = page.waitForRequest('**/api/client-errors');
  const answered = page.waitForResponse('**/api/client-errors');
  await page.evaluate((email) => {
    for (let i = 0; i < 3; i++)
      setTimeout(() => {
        throw new Error(`No "secret text" for ${email} at https://host.test/?token=abc`);
      });
  }, person.email);
  const request = await reported;
  expect((await answered).status()).toBe(204);
  expect((await request.allHeaders()).cookie).toBeUndefined();
  const report = request.postDataJSON();
  expect(report).toMatchObject({
    kind: 'script',
    message: 'No […] for [email] at [address]',
    path: '/dashboard',
  });
  expect(report.release).toMatch(/^\d+\.\d+\.\d+/);
  expect(request.postData()).not.toContain(person.email);
});
