import { type BrowserContext, expect, type Page, test } from '@playwright/test';
import { screenOf } from './product';
import { keyboardIsIn, open, paste, rowsOf, shownScreen } from './terminals';

/** Common behaviour of a terminal, in one session and one window, one test after the other. */

test.describe.configure({ mode: 'serial' });

let context: BrowserContext;
let page: Page;
test.beforeAll(async ({ browser }) => {
  context = await browser.newContext({ permissions: ['clipboard-read', 'clipboard-write'] });
  page = await context.newPage();
  await open(page, 'everyday');
  await page.keyboard.type(`PS1='$ '; clear\n`);
  await expect.poll(() => rowsOf(page)).toEqual(['$']);
});
test.afterAll(() => context.close());
test.beforeEach(async () => {
  await page.keyboard.type('clear\n');
  await expect.poll(() => rowsOf(page)).toEqual(['$']);
});

const note = () => page.locator(`${shownScreen} .terminal-note`);
const settings = async (work: (box: ReturnType<Page['getByRole']>) => Promise<void>) => {
  await page.getByRole('button', { name: 'Terminal settings' }).click();
  const box = page.getByRole('dialog', { name: 'Terminal settings' });
  await work(box);
  await page.keyboard.press('Escape');
  await expect(box).toBeHidden();
  await page.locator(`${shownScreen} .xterm-helper-textarea`).focus();
};
/** Returns a point on the text of a shown row. */
async function pointOn(text: string): Promise<{ x: number; y: number }> {
  const row = page.locator(`${shownScreen} .xterm-rows > div`, { hasText: text }).last();
  const box = await row.boundingBox();
  if (!box) throw new Error(`no row shows ${text}`);
  return { x: box.x + 40, y: box.y + box.height / 2 };
}

test('MACHINE-110 emoji and flags take the cells that programs think, here and after a reload', async () => {
  const where = `IFS=';' read -rsd R -p $'\\e[6n' _ col; echo " at $col"`;
  await page.keyboard.type(`printf '😀👩\u200d💻🇨🇭👍🏽漢é'; ${where}\n`);
  await expect.poll(async () => (await rowsOf(page)).find((row) => row.startsWith('😀'))).toMatch(/ at 12$/);
  const before = await rowsOf(page);
  await page.reload();
  await expect(page.locator('[data-state=open]')).toBeVisible();
  await expect.poll(() => rowsOf(page)).toEqual(before);
  await keyboardIsIn(page);
});

test('SESSION-111 find marks what is there, steps through it, and gives the keyboard back', async () => {
  await page.keyboard.type('for i in 1 2 3; do echo "needle $i"; done; seq 1 80; cat -v\n');
  await page.getByRole('button', { name: 'Find', exact: true }).click();
  const box = page.getByRole('search');
  await page.keyboard.type('needle');
  await expect(box.getByRole('status')).toHaveText(/^\d+ of \d+$/);
  const at = async () => Number((await box.getByRole('status').textContent())?.split(' ')[0]);
  const first = await at();
  await page.keyboard.press('Enter');
  await expect.poll(at).toBe(first - 1);
  await page.keyboard.press('Shift+Enter');
  await expect.poll(at).toBe(first);
  await page.keyboard.type('-nowhere');
  await expect(box.getByRole('status')).toHaveText('Not found');
  await page.keyboard.press('Escape');
  await expect(box).toBeHidden();
  await keyboardIsIn(page);
  // The program gets Ctrl+F; the page's own chord never reaches a program.
  await page.keyboard.press('Control+f');
  await page.keyboard.press('Enter');
  await expect(screenOf(page)).toContainText('^F');
  await page.keyboard.press('Control+Shift+F');
  await expect(box).toBeVisible();
  await page.keyboard.press('Escape');
  await page.keyboard.press('Control+c');
});

test('SESSION-112 SESSION-113 text size, colours and screen reader support are kept by the browser', async () => {
  let asked = 0;
  const colsOf = async () => {
    asked += 1;
    await page.keyboard.type(`clear; echo "ask ${asked} cols $(tput cols)"\n`);
    const told = new RegExp(`ask ${asked} cols (\\d+)`);
    await expect(screenOf(page)).toContainText(told);
    return Number(told.exec((await rowsOf(page)).join('\n'))?.[1]);
  };
  const before = await colsOf();
  await settings(async (box) => {
    for (let i = 0; i < 4; i++) await box.getByRole('button', { name: 'Larger text' }).click();
    await box.getByText('Light').click();
    await box.getByRole('switch', { name: 'Screen reader support' }).click();
  });
  await expect.poll(colsOf).toBeLessThan(before * 0.85);
  const after = await colsOf();
  const read = page.locator(`${shownScreen} .xterm-accessibility-tree`);
  await expect(read).toContainText(`cols ${after}`);
  await page.reload();
  await expect(page.locator('[data-state=open]')).toBeVisible();
  await expect(read).toContainText(`cols ${after}`);
  await expect(page.locator(shownScreen)).toHaveCSS('background-color', 'rgb(253, 251, 246)');
  await keyboardIsIn(page);
  await expect.poll(colsOf).toBe(after);
  await settings(async (box) => {
    for (let i = 0; i < 4; i++) await box.getByRole('button', { name: 'Smaller text' }).click();
    await box.getByText('Dark').click();
    await box.getByRole('switch', { name: 'Screen reader support' }).click();
  });
  await expect.poll(colsOf).toBe(before);
});

test('MACHINE-116 a program copies only with consent, once or from then on, and never reads', async () => {
  const copied = () => page.evaluate(() => navigator.clipboard.readText());
  const copy = (text: string) =>
    page.keyboard.type(`printf '\\033]52;c;${Buffer.from(text).toString('base64')}\\007'\n`);
  await page.evaluate(() => navigator.clipboard.writeText('mine'));
  await copy('first grüße');
  await expect(note()).toContainText('A program wants to copy “first grüße” to your clipboard.');
  expect(await copied()).toBe('mine');
  await note().getByRole('button', { name: 'Dismiss' }).click();
  expect(await copied()).toBe('mine');
  await keyboardIsIn(page);
  await copy('second');
  await note().getByRole('button', { name: 'Copy' }).click();
  await expect.poll(copied).toBe('second');
  await copy('third');
  await note().getByRole('button', { name: 'Always allow' }).click();
  await expect.poll(copied).toBe('third');
  await copy('fourth');
  await expect.poll(copied).toBe('fourth');
  await expect(note()).toHaveCount(0);
  await page.keyboard.type(`clear; printf '\\033]52;c;?\\007'; read -rst 1 -n 1 key; echo "got [$key]"\n`);
  await expect(screenOf(page)).toContainText('got []');
});

test('MACHINE-117 a bracketed paste runs nothing, whatever is hidden in it', async () => {
  await page.keyboard.type('bind "set enable-bracketed-paste on"; clear\n');
  await expect.poll(() => rowsOf(page)).toEqual(['$']);
  await paste(page, 'echo "o""ne"\x1b[201~\necho "t""wo"\n');
  await expect(screenOf(page)).toContainText('echo "t""wo"');
  expect((await rowsOf(page)).join('\n')).not.toMatch(/^(one|two)/m);
  await page.keyboard.press('Control+c');
});

test('MACHINE-112 a program with the old form of mouse reports gets the far columns', async () => {
  await page.keyboard.type(
    `printf '\\033[?1000h'; echo "lis""tens"; stty raw -echo; head -c 12 | od -An -tu1 -w12 > mouse; stty -raw echo; printf '\\033[?1000l'; cat mouse\n`,
  );
  await expect(screenOf(page)).toContainText('listens');
  const { y } = await pointOn('listens');
  const box = await page.locator(`${shownScreen} .xterm-screen`).boundingBox();
  await page.mouse.click((box?.x ?? 0) + (box?.width ?? 0) - 60, y);
  await expect(screenOf(page)).toContainText(/27\s+91\s+77\s+32\s+\d+\s+\d+\s+27\s+91\s+77\s+35/);
  const [, col] = /27\s+91\s+77\s+32\s+(\d+)/.exec((await rowsOf(page)).join('\n')) ?? [];
  expect(Number(col)).toBeGreaterThan(127);
  await keyboardIsIn(page);
});

test('MACHINE-118 a link opens with Ctrl and a click, and says before where it leads', async () => {
  await context.route('https://*.example.test/**', (route) => route.fulfill({ body: 'opened' }));
  await page.keyboard.type(
    `clear; echo 'see https://plain.example.test/a?b=c.'; printf '\\033]8;;https://real.example.test/\\033\\\\https://bank.example.test\\033]8;;\\033\\\\\\n'\n`,
  );
  await expect(screenOf(page)).toContainText('bank');
  for (const [shown, address] of [
    ['see https://plain', 'https://plain.example.test/a?b=c'],
    ['https://bank', 'https://real.example.test/'],
  ] as const) {
    const { x, y } = await pointOn(shown);
    await page.mouse.move(x, y);
    await expect(page.locator('.terminal-link')).toHaveText(`Ctrl+click opens ${address}`);
    await page.mouse.click(x, y);
    expect(context.pages()).toHaveLength(1);
    await page.keyboard.down('Control');
    const [opened] = await Promise.all([context.waitForEvent('page'), page.mouse.click(x, y)]);
    await page.keyboard.up('Control');
    await expect(opened).toHaveURL(address);
    await opened.close();
    await page.mouse.move(x, y + 200);
    await expect(page.locator('.terminal-link')).toHaveCount(0);
  }
  await page.locator(`${shownScreen} .xterm-helper-textarea`).focus();
});

test('SESSION-110 tabs are named, moved and closed, and every window shows the same', async () => {
  const names = (where: Page) => expect.poll(() => where.getByRole('tab').allTextContents());
  for (const tab of [2, 3]) {
    await page.getByRole('button', { name: 'New tab' }).click();
    await expect(page.locator(`#terminal-${tab}[data-state=open]`)).toBeVisible();
  }
  const other = await context.newPage();
  await other.goto(page.url());
  await names(other).toEqual(['Tab 1', 'Tab 2', 'Tab 3']);
  await page.getByRole('button', { name: 'More for Tab 3' }).click();
  await page.getByRole('menuitem', { name: 'Rename tab' }).click();
  await page.getByRole('textbox', { name: 'Name' }).fill('server');
  await page.keyboard.press('Enter');
  for (const where of [page, other]) await names(where).toEqual(['Tab 1', 'Tab 2', 'server']);
  await page.getByRole('tab', { name: 'server' }).dragTo(page.getByRole('tab', { name: 'Tab 1' }));
  for (const where of [page, other]) await names(where).toEqual(['server', 'Tab 1', 'Tab 2']);
  await other.getByRole('tab', { name: 'Tab 2' }).focus();
  await other.keyboard.press('Shift+ArrowLeft');
  for (const where of [page, other]) await names(where).toEqual(['server', 'Tab 2', 'Tab 1']);
  await page.getByRole('button', { name: 'More for server' }).click();
  await page.getByRole('menuitem', { name: 'Close tab' }).click();
  await other.getByRole('tab', { name: 'Tab 2' }).focus();
  await other.keyboard.press('Delete');
  for (const where of [page, other]) await names(where).toEqual(['Tab 1']);
  await other.close();
  await keyboardIsIn(page);
});

test('SESSION-116 a session that stops leaves what it last showed, with why it stopped', async () => {
  await page.keyboard.type('echo "the last $((40 + 2)) words"\n');
  await expect(screenOf(page)).toContainText('the last 42 words');
  await page.getByRole('button', { name: 'Stop', exact: true }).click();
  await expect(page.getByText('Stopped by you.')).toBeVisible();
  await expect(screenOf(page)).toContainText('the last 42 words');
  await expect(page.getByRole('button', { name: 'Open again' })).toHaveCount(0);
  await page.getByRole('button', { name: 'Find', exact: true }).click();
  await page.keyboard.type('42 words');
  await expect(page.getByRole('search').getByRole('status')).toHaveText('1 of 1');
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'Start', exact: true }).click();
  await expect(page.locator('[data-state=open]')).toBeVisible({ timeout: 30_000 });
  await expect(screenOf(page)).not.toContainText('42 words');
  await page.getByRole('button', { name: 'Stop', exact: true }).click();
  await expect(page.getByText('Stopped by you.')).toBeVisible();
});
