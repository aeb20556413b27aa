import { expect, type Page } from '@playwright/test';
import { newPerson, type Person, signIn, untilStatus } from './product';

/** Helpers for tests of terminals: a running session, and the content of its screen. */

/** Starts a session and opens it in the page; returns the user and the session's id. */
export async function open(page: Page, name: string): Promise<{ person: Person; id: string }> {
  const person = await newPerson({ planId: 'pro' });
  const { id } = await person.api.session.create.mutate({ name });
  await person.api.session.start.mutate({ sessionId: id });
  await untilStatus(person, id, 'running');
  await signIn(page, person, `/sessions/${id}`);
  await expect(page.locator('[data-state=open]')).toBeVisible();
  return { person, id };
}

export const shownScreen = '.terminal-screen:not([hidden])';
export const keyboardIsIn = (page: Page) =>
  expect(page.locator(`${shownScreen} .xterm-helper-textarea`)).toBeFocused();

/** Returns the shown rows without the empty ones at the end. */
export async function rowsOf(page: Page): Promise<string[]> {
  const rows = await page.locator(`${shownScreen} .xterm-rows > div`).allTextContents();
  return rows.join('\n').replaceAll('\u00a0', ' ').trimEnd().split('\n');
}

/** Returns the cursor's position: the row's index, and the length of the text before the cursor. */
export const cursorOf = (page: Page) =>
  page.locator(`${shownScreen} .xterm-cursor`).evaluate((cursor) => {
    const row = cursor.closest('.xterm-rows > div');
    let before = '';
    for (let node = cursor.previousSibling; node; node = node.previousSibling)
      before = `${node.textContent}${before}`;
    return [[...(row?.parentElement?.children ?? [])].indexOf(row as Element), before.length];
  });

/** Pastes a text as a browser does. */
export const paste = (page: Page, text: string) =>
  page.evaluate((pasted) => {
    const data = new DataTransfer();
    data.setData('text/plain', pasted);
    document.activeElement?.dispatchEvent(
      new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true }),
    );
  }, text);
