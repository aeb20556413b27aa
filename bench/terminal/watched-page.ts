import { readFileSync } from 'node:fs';
import type { Browser, Page } from '@playwright/test';

/** One terminal in its own browser, measured inside the page from the key press to the drawn screen. */

declare global {
  interface Window {
    /** The time of the last key, and the check that waits for the screen. */
    watched: { keyAt: number; seen: ((rows: string) => boolean) | null; drawn: (ms: number) => void };
  }
}

const ROWS = '.terminal-screen:not([hidden]) .xterm-rows, #place .xterm-rows';

export class WatchedPage {
  private constructor(
    readonly page: Page,
    private readonly rendererPids: number[],
  ) {}

  /** Watches an open terminal that has the keyboard focus. */
  static async over(browser: Browser, page: Page): Promise<WatchedPage> {
    // The transpiler of these files names functions by a helper that the page lacks.
    await page.evaluate('globalThis.__name = (named) => named');
    await page.evaluate((rows) => {
      window.watched = { keyAt: 0, seen: null, drawn: () => {} };
      document.addEventListener(
        'keydown',
        () => {
          window.watched.keyAt = performance.now();
        },
        true,
      );
      const screen = document.querySelector(rows) as HTMLElement;
      const look = () => {
        const { seen, keyAt, drawn } = window.watched;
        if (seen === null || keyAt === 0 || !seen(screen.textContent ?? '')) return;
        window.watched.seen = null;
        drawn(performance.now() - keyAt);
      };
      new MutationObserver(look).observe(screen, { childList: true, subtree: true, characterData: true });
    }, ROWS);
    const cdp = await browser.newBrowserCDPSession();
    const { processInfo } = await cdp.send('SystemInfo.getProcessInfo');
    const renderers = processInfo.filter(({ type }) => type === 'renderer').map(({ id }) => id);
    return new WatchedPage(page, renderers);
  }

  /** Presses a key; returns the ms until the screen shows `text` more often than before, or null after `timeoutMs`. */
  async until(key: string, text: string, timeoutMs: number): Promise<number | null> {
    const drawn = this.page.evaluate(
      ({ wanted, timeout, rows }) => {
        const count = (shown: string) => shown.split(wanted).length;
        const before = count(document.querySelector(rows)?.textContent ?? '');
        window.watched.keyAt = 0;
        return new Promise<number | null>((resolve) => {
          window.watched.drawn = resolve;
          window.watched.seen = (shown) => count(shown) > before;
          setTimeout(() => resolve(null), timeout);
        });
      },
      { wanted: text, timeout: timeoutMs, rows: ROWS },
    );
    // The page must watch before the key is pressed.
    await this.page.evaluate(() => window.watched.seen !== null);
    await this.page.keyboard.press(key);
    return drawn;
  }

  /** Types a line whose output ends with `word`, and waits for that word. */
  async run(line: string, word: string): Promise<void> {
    await this.page.keyboard.type(line);
    const drawn = await this.until('Enter', word, 20_000);
    if (drawn === null) throw new Error(`the terminal did not show ${word} after: ${line}`);
  }

  /** Returns the resident memory of the page's process in MiB. */
  memory(): number {
    return Math.max(...this.rendererPids.map(memoryOf));
  }
}

/** Returns the resident memory of a process in MiB; 0 when it has ended. */
export function memoryOf(pid: number): number {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024;
  } catch {
    return 0;
  }
}
