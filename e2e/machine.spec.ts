import { createHash } from 'node:crypto';
import { expect, test } from '@playwright/test';
import WebSocket from 'ws';
import { createClient } from '@/client';
import { appUrl, newPerson, screenOf, signIn, typeLine, untilStatus } from './product';
import { relayBefore } from './relay';
import { cursorOf, keyboardIsIn, open, paste, rowsOf } from './terminals';

/** A full-screen program that sends the queries editors send, and shows the input it receives. */
const EDITOR = `
process.stdin.setRawMode(true);
process.stdout.write('\\x1b[?1049h\\x1b[?1h\\x1b=\\x1b[?2004h\\x1b[?1004h\\x1b[c\\x1b[>c\\x1b[6n\\x1b]10;?\\x07\\x1b]11;?\\x07\\x1b[?12$p');
process.stdout.write('\\x1b[2J\\x1b[1;1H\\x1b[31mfirst line\\x1b[0m\\x1b[2;1Hsecond line\\x1b[2;4H');
let keys = '';
process.stdin.once('data', () => {});
setTimeout(() => { process.stdout.write('\\x1b7\\x1b[12;1H-- EDI' + 'TOR --\\x1b8'); process.stdin.on('data', (data) => {
  if (String(data) === 'q') { process.stdout.write('\\x1b[?1004l\\x1b[?2004l\\x1b[?1l\\x1b>\\x1b[?1049l'); process.exit(0); }
  if (!String(data).startsWith('\\x1b[O') && !String(data).startsWith('\\x1b[I')) keys += JSON.stringify(String(data));
  process.stdout.write('\\x1b7\\x1b[5;1Hkeys ' + keys + '\\x1b8');
}); }, 1500);
`;

test('MACHINE-51 MACHINE-53 a reload types nothing: the prompt is empty, an editor is unchanged', async ({
  page,
}) => {
  await open(page, 'reload');
  await keyboardIsIn(page);
  await page.keyboard.type(`PS1='$ '; cat > editor.js << 'END'\n${EDITOR}END\nclear; node editor.js\n`);
  await expect(screenOf(page)).toContainText('-- EDITOR --', { timeout: 30_000 });
  await page.keyboard.type('w');
  await expect(screenOf(page)).toContainText('keys "w"', { timeout: 10_000 });
  const before = [await rowsOf(page), await cursorOf(page)];
  await page.reload();
  await expect(screenOf(page)).toContainText('-- EDITOR --');
  await keyboardIsIn(page);
  expect([await rowsOf(page), await cursorOf(page)]).toEqual(before);
  await page.keyboard.type('x');
  await expect(screenOf(page)).toContainText('keys "w""x"');
  await page.keyboard.type('q');
  await expect.poll(() => rowsOf(page)).toEqual(['$']);
  await page.reload();
  await expect(page.locator('[data-state=open]')).toBeVisible();
  await keyboardIsIn(page);
  await page.keyboard.type('echo "left $((40 + 2))"\n');
  await expect.poll(() => rowsOf(page)).toEqual(['$ echo "left $((40 + 2))"', 'left 42', '$']);
});

test('MACHINE-53 a new session receives keys and opens no dialog; one key combination leaves it', async ({
  page,
}) => {
  const person = await newPerson({ planId: 'pro' });
  await signIn(page, person);
  await page.getByRole('button', { name: 'New session' }).first().click();
  await page.getByRole('textbox', { name: 'Name' }).fill('typed');
  await page.getByRole('button', { name: 'Create and start' }).click();
  await expect(page.locator('[data-state=open]')).toBeVisible({ timeout: 30_000 });
  await keyboardIsIn(page);
  await page.keyboard.type('n=nano; echo "$n $((1 + 1))"\n');
  await expect(screenOf(page)).toContainText('nano 2');
  await expect(page.getByRole('dialog')).toHaveCount(0);
  await page.getByRole('button', { name: 'New tab' }).click();
  await expect(page.locator('.terminal-screen:not([hidden])[data-state=open]')).toBeVisible();
  await keyboardIsIn(page);
  await page.keyboard.type('echo "second $((2 + 2))"\n');
  await expect(screenOf(page)).toContainText('second 4');
  await page.keyboard.press('Alt+F6');
  await expect(page.getByRole('tab', { name: 'Tab 2' })).toBeFocused();
  await page.keyboard.press('n');
  await expect(page.getByRole('dialog')).toHaveCount(0);
  const input = page.locator('.terminal-screen:not([hidden]) .xterm-helper-textarea');
  await expect(input).toHaveAttribute('aria-description', /Alt\+F6/);
  await page.reload();
  await expect(page.getByRole('tab', { name: 'Tab 2' })).toHaveAttribute('aria-selected', 'true');
  await keyboardIsIn(page);
  await typeLine(page, 'exit');
  await page.getByRole('button', { name: 'Open again' }).click();
  await keyboardIsIn(page);
});

test('MACHINE-55 a paste of 5 MB arrives whole', async ({ page }) => {
  test.setTimeout(120_000);
  await open(page, 'paste');
  const text = Array.from({ length: 78_125 }, (_, i) => `${`line ${i} é`.padEnd(62, 'x')}\n`).join('');
  const bytes = Buffer.byteLength(text);
  expect(bytes).toBeGreaterThan(4_900_000);
  const sum = createHash('sha256').update(text).digest('hex');
  await page.keyboard.type(`stty -echo; head -c ${bytes} | sha256sum; stty echo; echo "do""ne"\n`);
  await paste(page, text);
  await expect(screenOf(page)).toContainText(sum, { timeout: 60_000 });
  await expect(screenOf(page)).toContainText('done');
});

test('MACHINE-57 MACHINE-61 a silent connection is noticed, reported, and back within 30 s with the typed input', async ({
  browser,
}) => {
  const context = await browser.newContext({ bypassCSP: true });
  const own = await context.newPage();
  const relay = await relayBefore(own);
  await open(own, 'silent');
  await own.keyboard.type('PS1="> "; clear; echo "be""fore"\n');
  await expect(screenOf(own)).toContainText('before');
  relay.stop();
  const at = Date.now();
  await own.keyboard.type('echo "ty');
  await expect(own.getByText('Reconnecting…')).toBeVisible({ timeout: 30_000 });
  await expect(own.getByText('characters that you typed wait to be sent')).toBeVisible();
  relay.mend();
  await own.keyboard.type('ped $((20 + 3))"\n');
  await expect(screenOf(own)).toContainText('typed 23', { timeout: 30_000 });
  expect(Date.now() - at).toBeLessThan(30_000);
  expect((await rowsOf(own)).filter((row) => row.includes('typed 23'))).toHaveLength(1);
  relay.close();
  await context.close();
});

/** Opens a terminal without a page, with the result of `connect`. */
async function openLine({ url, token }: { url: string; token: string }) {
  const ws = new WebSocket(`${url}?tab=1`, ['hourglass', `token.${token}`]);
  let output = '';
  ws.on('message', (data, isBinary) => {
    if (isBinary) output += data.toString();
  });
  const closed = new Promise<{ code: number; reason: string }>((resolve) =>
    ws.on('close', (code, reason) => resolve({ code, reason: reason.toString() })),
  );
  await new Promise((resolve, reject) => ws.once('message', resolve).once('error', reject));
  ws.send(JSON.stringify({ type: 'input', data: 'echo "op""en"\r' }));
  await expect.poll(() => output).toContain('open');
  return { ws, closed };
}

test('MACHINE-60 a terminal ends within ten seconds of its key or sign-in', async ({ page }) => {
  const { person, id } = await open(page, 'ended');
  const call = async (name: string, data: object) => {
    const response = await page.request.post(`${appUrl()}/api/trpc/${name}`, {
      data,
      headers: { origin: appUrl() },
    });
    return (await response.json()).result.data;
  };
  const key = await call('apiKey.create', { name: 'to be revoked', scopes: ['session:write'] });
  const api = createClient({ url: appUrl(), apiKey: key.key });
  const byKey = await openLine(await api.session.connect.mutate({ sessionId: id }));
  const bySignIn = await openLine(await call('session.connect', { sessionId: id }));
  const byOther = await openLine(await person.api.session.connect.mutate({ sessionId: id }));
  const ended = { code: 4401, reason: 'Your access to this session has ended.' };
  let at = Date.now();
  await call('apiKey.revoke', { apiKeyId: key.id });
  expect(await byKey.closed).toEqual(ended);
  expect(Date.now() - at).toBeLessThan(10_000);
  at = Date.now();
  const out = await page.request.post(`${appUrl()}/api/auth/sign-out`, {
    data: {},
    headers: { origin: appUrl() },
  });
  expect(out.status()).toBe(200);
  expect(await bySignIn.closed).toEqual(ended);
  expect(Date.now() - at).toBeLessThan(10_000);
  expect(byOther.ws.readyState).toBe(WebSocket.OPEN);
});

test('MACHINE-54 SESSION-115 a warning is shown over an editor, counts down, and leaves its screen alone', async ({
  page,
}) => {
  const person = await newPerson({ leftSeconds: 40 });
  const { id } = await person.api.session.create.mutate({ name: 'warned' });
  await person.api.session.start.mutate({ sessionId: id });
  await untilStatus(person, id, 'running');
  await signIn(page, person, `/sessions/${id}`);
  await expect(page.locator('[data-state=open]')).toBeVisible();
  await page.keyboard.type(
    `printf '\\033[?1049h\\033[2J\\033[1;1Hmy text\\033[2;3H'; stty -echo; read -rn 1; cat\n`,
  );
  await expect(screenOf(page)).toContainText('my text');
  const before = [await rowsOf(page), await cursorOf(page)];
  const note = page.locator('.terminal-note');
  await expect(note).toContainText(/This session stops in \d+ s\..*quota/, { timeout: 40_000 });
  const left = async () => Number(/in (\d+) s/.exec((await note.textContent()) ?? '')?.[1]);
  const first = await left();
  await expect(note.getByRole('link', { name: 'More time' })).toBeVisible();
  await expect.poll(left).toBeLessThan(first);
  expect([await rowsOf(page), await cursorOf(page)]).toEqual(before);
});
