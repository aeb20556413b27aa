import { resolve } from 'node:path';
import { expect, test } from '@playwright/test';
import { findFreePort } from '@/scripts/services/processes';
import { newPerson, signIn, typeLine, untilStatus } from './product';

const SITE = resolve('test/ports/site.mjs');

test('MACHINE-182 a port is listed as it opens, shown to its account, shared with everybody and taken back', async ({
  page,
  browser,
  context,
}) => {
  const person = await newPerson({ planId: 'pro' });
  const { id } = await person.api.session.create.mutate({ name: 'served' });
  await person.api.session.start.mutate({ sessionId: id });
  await untilStatus(person, id, 'running');
  await signIn(page, person, `/sessions/${id}`);
  await expect(page.locator('[data-state=open]')).toBeVisible();
  const port = await findFreePort();
  const panel = page.getByRole('region', { name: 'Ports' });
  await page.getByText('Ports', { exact: true }).click();
  await expect(panel).toContainText('Nothing listens in this session yet.');
  await page.getByText('Terminal', { exact: true }).click();
  await typeLine(page, `node ${SITE} ${port} &`);
  await page.getByText('Ports', { exact: true }).click();
  await expect(panel.getByRole('row').filter({ hasText: String(port) })).toContainText('node');
  await expect(panel).toContainText('Only this account');
  const list = await person.api.port.list.query({ sessionId: id });
  expect(list).toContainEqual(expect.objectContaining({ port, access: 'private', isListening: true }));

  const opening = context.waitForEvent('page');
  await panel.getByRole('link', { name: `Open port ${port}` }).click();
  const shown = await opening;
  await expect(shown.getByRole('heading')).toHaveText(`It works on ${port}`);
  const { origin } = new URL(shown.url());
  expect(origin).toContain(`//${port}--${id}.localhost`);
  // The page works live, and sees no cookie of the app.
  expect(await shown.evaluate(speak)).toBe('hello');
  const seen = await shown.evaluate(async () => (await fetch('/headers')).json());
  expect(seen.cookie).toBeUndefined();
  expect(await shown.evaluate(() => document.cookie)).toBe('');

  const stranger = await browser.newContext();
  const other = await stranger.newPage();
  await other.goto(`${origin}/`);
  await expect(other).toHaveURL(/\/sign-in\?/);
  await panel.getByRole('button', { name: `Share port ${port}` }).click();
  await expect(panel).toContainText('Anyone with the link');
  const [shared] = await person.api.port.list.query({ sessionId: id });
  await other.goto(shared?.url ?? '');
  await expect(other.getByRole('heading')).toHaveText(`It works on ${port}`);
  expect(other.url()).toBe(`${origin}/`);
  await panel.getByRole('button', { name: `Link of port ${port}` }).click();
  await page.getByRole('menuitem', { name: 'Stop sharing' }).click();
  await expect(panel).toContainText('Only this account');
  await other.reload();
  await expect(other.getByRole('heading')).toHaveText('This port cannot be shown');
  await stranger.close();

  await person.api.session.stop.mutate({ sessionId: id });
  await untilStatus(person, id, 'stopped');
  await shown.reload();
  await expect(shown.locator('body')).toContainText('This session is not running.');
  expect((await person.api.session.get.query({ sessionId: id })).status).toBe('stopped');
});

/** Sends a word over a WebSocket of the page's own server; returns the answer. */
const speak = () =>
  new Promise((resolve, reject) => {
    const ws = new WebSocket(`ws://${location.host}/socket`);
    ws.onopen = () => ws.send('hello');
    ws.onmessage = ({ data }) => resolve(data);
    ws.onerror = () => reject(new Error('the WebSocket failed'));
  });
