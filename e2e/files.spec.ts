import { readFileSync } from 'node:fs';
import { expect, type Page, test } from '@playwright/test';
import { newPerson, type Person, screenOf, signIn, typeLine, untilStatus } from './product';

/** Starts a session and opens its files; returns the user and the session's id. */
async function openFiles(page: Page, name: string): Promise<{ person: Person; id: string }> {
  const person = await newPerson({ planId: 'pro' });
  const { id } = await person.api.session.create.mutate({ name });
  await person.api.session.start.mutate({ sessionId: id });
  await untilStatus(person, id, 'running');
  await signIn(page, person, `/sessions/${id}`);
  await expect(page.locator('[data-state=open]')).toBeVisible();
  await page.getByText('Files', { exact: true }).click();
  await expect(
    page.getByRole('region', { name: 'Files' }).getByRole('button', { name: '.home Folder' }),
  ).toBeVisible();
  return { person, id };
}

const row = (page: Page, name: string) => page.getByRole('row').filter({ hasText: name });
const file = (name: string, text: string | Buffer) => ({
  name,
  mimeType: 'text/plain',
  buffer: Buffer.from(text),
});

/** Drops files and folders onto the panel, as a file manager does. */
async function drop(page: Page, files: Record<string, string>): Promise<void> {
  const data = await page.evaluateHandle((dropped) => {
    const transfer = new DataTransfer();
    for (const [name, text] of Object.entries(dropped)) transfer.items.add(new File([text], name));
    return transfer;
  }, files);
  const panel = page.getByRole('region', { name: 'Files' });
  await panel.dispatchEvent('dragenter', { dataTransfer: data });
  await expect(panel).toHaveAttribute('data-over', 'true');
  await panel.dispatchEvent('drop', { dataTransfer: data });
}

async function choose(page: Page, name: string, act: string): Promise<void> {
  await page.getByRole('button', { name: `More for ${name}`, exact: true }).click();
  await page.getByRole('menuitem', { name: act }).click();
}

test('MACHINE-144 files are uploaded by drop, edited, renamed, moved, deleted and taken back', async ({
  page,
}) => {
  await openFiles(page, 'filed');
  await drop(page, { 'notes.md': '# one\n', 'data.csv': 'a,b\n' });
  await expect(page.getByText('2 uploaded', { exact: true })).toBeVisible();
  await expect(row(page, 'data.csv')).toContainText('4 B');

  await page.getByRole('button', { name: 'notes.md' }).first().click();
  const editor = page.getByRole('textbox', { name: 'Content of notes.md' });
  await expect(editor).toContainText('# one');
  await editor.press('Control+End');
  await editor.pressSequentially('two');
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByRole('dialog').getByText('Saved')).toBeVisible();
  await page.getByRole('button', { name: 'Close' }).click();

  await choose(page, 'notes.md', 'Rename');
  await page.getByRole('textbox', { name: 'Name' }).fill('read me.md');
  await page.getByRole('button', { name: 'Rename' }).click();
  await choose(page, 'read me.md', 'Move');
  await page.getByRole('textbox', { name: 'Folder' }).fill('docs/new');
  await page.getByRole('button', { name: 'Move' }).click();
  await page.getByRole('button', { name: 'docs Folder' }).click();
  await page.getByRole('button', { name: 'new Folder', exact: true }).click();
  await expect(row(page, 'read me.md')).toBeVisible();
  await choose(page, 'read me.md', 'Delete');
  await expect(page.getByText('This folder is empty')).toBeVisible();
  await page.getByRole('button', { name: 'Undo' }).click();
  await expect(row(page, 'read me.md')).toBeVisible();

  await page.getByText('Terminal', { exact: true }).click();
  await typeLine(page, 'cat "docs/new/read me.md"; stat -c "%U is it" data.csv; ls -A');
  await expect(screenOf(page)).toContainText('# one');
  await expect(screenOf(page)).toContainText('two');
});

test('MACHINE-144 a change by a program is not overwritten unasked, and a name that is taken is asked about', async ({
  page,
}) => {
  const { person, id } = await openFiles(page, 'careful');
  await drop(page, { 'a.txt': 'mine\n' });
  await page.getByRole('button', { name: 'a.txt' }).first().click();
  const editor = page.getByRole('textbox', { name: 'Content of a.txt' });
  await editor.pressSequentially('more ');
  await person.api.session.exec.mutate({ sessionId: id, command: 'echo theirs > a.txt' });
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByRole('dialog').getByRole('alert')).toContainText('changed meanwhile');
  await page.getByRole('button', { name: 'Open the file as it is now' }).click();
  await expect(editor).toContainText('theirs');
  await page.getByRole('button', { name: 'Close' }).click();
  await page.getByRole('button', { name: 'Clear finished' }).click();
  await drop(page, { 'a.txt': 'new\n' });
  await expect(page.getByText('there is already a file with this name')).toBeVisible();
  await page.getByRole('button', { name: 'Replace' }).click();
  await expect(page.getByText('1 uploaded', { exact: true })).toBeVisible();
  const { stdout } = await person.api.session.exec.mutate({ sessionId: id, command: ['cat', 'a.txt'] });
  expect(stdout).toBe('new\n');
});

test('MACHINE-139 MACHINE-144 an upload goes on after its line was lost, and a download is the same file', async ({
  page,
}) => {
  let lines = 0;
  await page.routeWebSocket(/\/upload$/, (line) => {
    const server = line.connectToServer();
    let pieces = 0;
    const isFirst = ++lines === 1;
    line.onMessage((message) => {
      if (isFirst && ++pieces > 20) void line.close();
      else server.send(message);
    });
  });
  const { person, id } = await openFiles(page, 'heavy');
  const content = Buffer.alloc(12_000_000, 'hourglass ');
  const [chooser] = await Promise.all([
    page.waitForEvent('filechooser'),
    page.getByRole('button', { name: 'Upload', exact: true }).click(),
  ]);
  await chooser.setFiles(file('large.bin', content));
  await expect(page.getByText('1 uploaded', { exact: true })).toBeVisible({ timeout: 30_000 });
  expect(lines).toBeGreaterThan(1);
  const [saved] = await Promise.all([page.waitForEvent('download'), choose(page, 'large.bin', 'Download')]);
  expect(saved.suggestedFilename()).toBe('large.bin');
  expect(readFileSync(await saved.path()).equals(content)).toBe(true);
  await person.api.session.exec.mutate({
    sessionId: id,
    command: 'mkdir -p pack/deep && echo x > pack/deep/y',
  });
  await expect(row(page, 'pack')).toBeVisible({ timeout: 15_000 });
  const [archive] = await Promise.all([
    page.waitForEvent('download'),
    choose(page, 'pack', 'Download (.tar.gz)'),
  ]);
  expect(archive.suggestedFilename()).toBe('pack.tar.gz');
  expect(readFileSync(await archive.path()).subarray(0, 2)).toEqual(Buffer.from([0x1f, 0x8b]));
});

test('SESSION-141 SESSION-140 a program runs a command in a session, by way of gateway and machine', async () => {
  const person = await newPerson({ planId: 'pro' });
  const { id } = await person.api.session.create.mutate({ name: 'commanded' });
  const exec = (command: string, more: object = {}) =>
    person.api.session.exec.mutate({ sessionId: id, command, ...more });
  await expect(exec('true')).rejects.toMatchObject({ data: { reason: 'NOT_RUNNING', httpStatus: 409 } });
  await person.api.session.start.mutate({ sessionId: id });
  await untilStatus(person, id, 'running');
  expect(await exec('echo hello; echo oops >&2; exit 4')).toEqual({
    exitCode: 4,
    stdout: 'hello\n',
    stderr: 'oops\n',
    truncated: false,
    timedOut: false,
  });
  expect(await exec('sleep 60', { timeoutSeconds: 1 })).toMatchObject({ exitCode: null, timedOut: true });
  expect(await exec('yes | head -c 3000000')).toMatchObject({ exitCode: 0, truncated: true });
});
