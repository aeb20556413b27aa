import { expect, test } from '@playwright/test';
import { appUrl, control, machinesOf, newPerson, screenOf, signIn, typeLine, untilStatus } from './product';

test('SESSION-3 SESSION-4 a double click starts once', async ({ page }) => {
  const person = await newPerson({ planId: 'pro' });
  const { id } = await person.api.session.create.mutate({ name: 'impatient' });
  await signIn(page, person);
  await page.getByRole('article', { name: 'impatient' }).getByRole('button', { name: 'Start' }).dblclick();
  await untilStatus(person, id, 'running');
  expect(await machinesOf(id)).toHaveLength(1);
  await page.getByRole('article', { name: 'impatient' }).getByRole('button', { name: 'Stop' }).click();
  await expect(page.getByText('Stopped by you.')).toBeVisible();
});

test('SESSION-12 SESSION-16 cards tell the state; renaming and deleting work', async ({ page }) => {
  const person = await newPerson({ planId: 'pro' });
  const long = 'a very long name of a workspace that goes on and on and on until it is cut at eighty'.slice(
    0,
    80,
  );
  const { id } = await person.api.session.create.mutate({ name: long });
  await signIn(page, person);
  const card = page.getByRole('article', { name: long });
  await card.getByRole('button', { name: 'Start' }).click();
  await expect(card.getByText('Running')).toBeVisible();
  await expect(card.getByTestId('stops-at')).toContainText(/stops .* · idle/);
  await card.getByRole('button', { name: /^More for/ }).click();
  await page.getByRole('menuitem', { name: 'Rename' }).click();
  await page.getByRole('textbox', { name: 'Name' }).fill('short');
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByRole('article', { name: 'short' })).toBeVisible();
  await page.getByRole('button', { name: 'More for short' }).click();
  await page.getByRole('menuitem', { name: 'Delete' }).click();
  await page.getByRole('button', { name: 'Delete', exact: true }).click();
  await expect(page.getByText('No sessions yet')).toBeVisible();
  await expect.poll(async () => (await machinesOf(id))[0]?.state).toBe('destroyed');
});

test('MACHINE-22 MACHINE-23 terminals have tabs, come back with their screen, and know why they end', async ({
  page,
}) => {
  const person = await newPerson({ planId: 'pro' });
  const { id } = await person.api.session.create.mutate({ name: 'tabs' });
  await person.api.session.start.mutate({ sessionId: id });
  await untilStatus(person, id, 'running');
  await signIn(page, person, `/sessions/${id}`);
  await expect(page.locator('[data-state=open]')).toBeVisible();
  await typeLine(page, 'echo "first $((1 + 1))"; echo "secrets $(env | grep -c -E "RUN_TOKEN|FLY_")"');
  await expect(screenOf(page)).toContainText('first 2');
  await expect(screenOf(page)).toContainText('secrets 0');
  await page.getByRole('button', { name: 'New tab' }).click();
  await expect(page.locator('.terminal-screen:not([hidden])[data-state=open]')).toBeVisible();
  await typeLine(page, 'echo "second $((2 + 2))"');
  await expect(screenOf(page)).toContainText('second 4');
  await page.getByRole('tab', { name: 'Tab 1' }).click();
  await expect(screenOf(page)).toContainText('first 2');
  await page.reload();
  await expect(screenOf(page)).toContainText('first 2');
  await page.getByRole('button', { name: 'Stop' }).click();
  await expect(page.getByText('Stopped by you.')).toBeVisible();
  await expect(page.getByRole('button', { name: 'Start', exact: true })).toBeEnabled();
});

test('SESSION-11 SESSION-18 bad input and other accounts change nothing', async ({ request }) => {
  const person = await newPerson({ planId: 'pro' });
  const stranger = await newPerson();
  const { id } = await person.api.session.create.mutate({ name: 'mine' });
  const post = (name: string, data: unknown, key = person.apiKey) =>
    request.post(`${appUrl()}/api/trpc/${name}`, {
      data: data as object,
      headers: { authorization: `Bearer ${key}` },
    });
  const reasonOf = async (answer: Promise<Awaited<ReturnType<typeof post>>>) => {
    const response = await answer;
    return [response.status(), (await response.json()).error?.data?.reason];
  };
  expect(await reasonOf(post('session.create', { name: 'x', extra: 1 }))).toEqual([400, 'INVALID_INPUT']);
  expect(await reasonOf(post('session.create', { name: 7 }))).toEqual([400, 'INVALID_INPUT']);
  expect(await reasonOf(post('session.create', { name: 'x'.repeat(5_000) }))).toEqual([400, 'INVALID_INPUT']);
  expect(await reasonOf(post('session.create', { name: 'x', region: 'zzz' }))).toEqual([
    400,
    'INVALID_INPUT',
  ]);
  expect(await reasonOf(post('session.create', { name: 'x'.repeat(70_000) }))).toEqual([
    413,
    'INVALID_INPUT',
  ]);
  for (const name of ['session.start', 'session.stop', 'session.delete', 'session.connect']) {
    expect(await reasonOf(post(name, { sessionId: id }, stranger.apiKey))).toEqual([404, 'NOT_FOUND']);
  }
  expect(await reasonOf(post('session.start', { sessionId: id }, 'hg_nonsense'))).toEqual([
    401,
    'UNAUTHORIZED',
  ]);
  const lease = (token: string, data: unknown) =>
    request.post(`${appUrl()}/api/agent/lease`, {
      data: data as object,
      headers: { authorization: `Bearer ${token}` },
    });
  expect((await lease(`hgr_${id}_${'x'.repeat(43)}`, {})).status()).toBe(401);
  expect((await person.api.session.list.query()).map((session) => session.status)).toEqual(['stopped']);
  expect(await machinesOf(id)).toEqual([]);
});

test('SESSION-18 a sign-in cookie cannot be used from another site', async ({ page }) => {
  const person = await newPerson();
  await signIn(page, person);
  const [cookie] = (await page.context().cookies()).filter(({ name }) => name.includes('session_token'));
  expect(cookie).toMatchObject({ httpOnly: true, sameSite: 'Lax' });
  const foreign = await page.request.post(`${appUrl()}/api/trpc/session.create`, {
    data: { name: 'foreign' },
    headers: { origin: 'https://elsewhere.example' },
  });
  expect(foreign.status()).toBe(403);
  expect(await person.api.session.list.query()).toEqual([]);
});

test('SESSION-14 a machine killed outside the API ends its run at that instant', async () => {
  const person = await newPerson({ planId: 'pro' });
  const { id } = await person.api.session.create.mutate({ name: 'victim' });
  await person.api.session.start.mutate({ sessionId: id });
  await untilStatus(person, id, 'running');
  const [machine] = await machinesOf(id);
  await control(`/control/machines/${machine?.id}/kill`, { method: 'POST', body: { signal: 'SIGKILL' } });
  await untilStatus(person, id, 'stopped');
  const [dead] = await machinesOf(id);
  const interval = dead?.intervals[0];
  const { items } = await person.api.usage.runs.query({});
  expect(items[0]?.usedSeconds).toBe(((interval?.stoppedAt ?? 0) - (interval?.startedAt ?? 0)) / 1000);
});

test('SESSION-50 SESSION-52 at the session limit one click stops the other session and starts this one', async ({
  page,
}) => {
  const person = await newPerson();
  const first = await person.api.session.create.mutate({ name: 'first' });
  const second = await person.api.session.create.mutate({ name: 'second' });
  await person.api.session.start.mutate({ sessionId: first.id });
  await untilStatus(person, first.id, 'running');
  await signIn(page, person);
  const card = page.getByRole('article', { name: 'second' });
  await card.getByRole('button', { name: 'Start' }).click({ force: true });
  const dialog = page.getByRole('dialog', { name: 'Your plan runs 1 session at once' });
  await expect(dialog.getByRole('link', { name: 'Upgrade to Pro · 2 at once' })).toBeVisible();
  await expect(dialog).not.toContainText('a month');
  await dialog.getByRole('button', { name: 'Stop “first” and start this' }).click();
  await expect(dialog.getByRole('status')).toContainText('Stopping “first”');
  await untilStatus(person, second.id, 'running');
  await expect(dialog).toBeHidden();
  expect((await person.api.session.get.query({ sessionId: first.id })).endReason).toBe('user');
  const [before] = await machinesOf(first.id);
  const [after] = await machinesOf(second.id);
  // The place was free before it was taken.
  expect(before?.intervals[0]?.stoppedAt ?? Number.POSITIVE_INFINITY).toBeLessThanOrEqual(
    after?.intervals[0]?.startedAt ?? 0,
  );
  await person.api.session.stop.mutate({ sessionId: second.id });
});

test('SESSION-51 at the session limit a new session is made and started later, or takes the place of another', async ({
  page,
}) => {
  const person = await newPerson();
  const first = await person.api.session.create.mutate({ name: 'first' });
  await person.api.session.start.mutate({ sessionId: first.id });
  await untilStatus(person, first.id, 'running');
  await signIn(page, person);
  await page.getByRole('button', { name: 'New session' }).first().click();
  const dialog = page.getByRole('dialog', { name: 'New session' });
  await dialog.getByRole('textbox', { name: 'Name' }).fill('later');
  await dialog.getByRole('button', { name: 'Create, start later' }).click();
  await expect(dialog).toBeHidden();
  await expect(page.getByRole('article', { name: 'later' })).toContainText('Never started');
  await expect(page.getByRole('article', { name: 'first' })).toContainText('Running');
  await page.getByRole('button', { name: 'New session' }).first().click();
  await dialog.getByRole('textbox', { name: 'Name' }).fill('instead');
  await dialog.getByRole('button', { name: 'Stop “first” and start this' }).click();
  await page.waitForURL(/\/sessions\//);
  await expect(page.locator('[data-state=open]')).toBeVisible();
  await expect(page.getByRole('heading', { name: 'instead' })).toBeVisible();
  await page.getByRole('button', { name: 'Stop' }).click();
  await expect(page.getByText('Stopped by you.')).toBeVisible();
});
