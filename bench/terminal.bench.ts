import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { type Browser, chromium, type Page } from '@playwright/test';
import { ensureChromium } from '@/scripts/services/chromium';
import { endChild, findOnPath, waitFor } from '@/scripts/services/processes';
import { sizeOf } from './sizes';
import { startProcess } from './start-process';
import { figure, printTable, quantile } from './table';
import { startOurs } from './terminal/our-terminal';
import { memoryOf, WatchedPage } from './terminal/watched-page';

/**
 * A terminal in a real browser through the whole product, beside a bare page with xterm and node-pty in the same run:
 * the echo of a key, the time from Ctrl-C to the prompt while `yes` writes, and the memory of page and agent meanwhile.
 * Times are from the key press to the drawn screen.
 */

const KEYS = sizeOf('BENCH_KEYS', 300, 20);
const FLOODS = sizeOf('BENCH_FLOODS', 5, 1);
const FLOOD_MS = sizeOf('BENCH_FLOOD_MS', 4_000, 800);
/** Slows the CPU down to a slow laptop's: Chromium divides the page's speed by this. */
const SLOWER = sizeOf('BENCH_SLOWER', 4, 1);
const PATIENCE_MS = sizeOf('BENCH_PATIENCE_MS', 60_000, 10_000);
const LETTERS = 'abcdefghijklmnopqrstuvwxyz';

type Figures = { echo: number[]; calmPage: number; calmAgent: number; stops: Stop[] };
type Stop = { ms: number | null; page: number; agent: number };

async function echoes(watched: WatchedPage): Promise<number[]> {
  await watched.run('stty -icanon; echo "be""gun"; cat > /dev/null', 'begun');
  const times: number[] = [];
  for (let n = 0; n < KEYS; n++) {
    const letter = LETTERS[n % LETTERS.length] ?? 'a';
    times.push((await watched.until(letter, letter, PATIENCE_MS)) ?? PATIENCE_MS);
  }
  await watched.until('Control+c', 'back>', PATIENCE_MS);
  return times;
}

/** Lets `yes` write for a while, then interrupts it. */
async function flood(watched: WatchedPage, agentPid: number): Promise<Stop> {
  await watched.page.keyboard.type('clear; yes\n');
  let [page, agent] = [0, 0];
  const look = () => {
    page = Math.max(page, watched.memory());
    agent = Math.max(agent, memoryOf(agentPid));
    return false;
  };
  await waitFor(look, FLOOD_MS, 100);
  const looking = setInterval(look, 200);
  const ms = await watched.until('Control+c', 'back>', PATIENCE_MS);
  clearInterval(looking);
  return { ms, page, agent };
}

async function measureIn(open: (page: Page) => Promise<void>, agentPid: () => number): Promise<Figures> {
  const executablePath = findOnPath('chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable');
  const browser: Browser = await chromium.launch({
    ...(executablePath ? { executablePath } : {}),
    args: ['--no-sandbox', '--disable-gpu'],
  });
  try {
    const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
    await open(page);
    const watched = await WatchedPage.over(browser, page);
    await watched.run('PS1="back> "; echo "re""ady"', 'ready');
    const cdp = await page.context().newCDPSession(page);
    await cdp.send('Emulation.setCPUThrottlingRate', { rate: SLOWER });
    const echo = await echoes(watched);
    const [calmPage, calmAgent] = [watched.memory(), memoryOf(agentPid())];
    const stops: Stop[] = [];
    for (let n = 0; n < FLOODS; n++) {
      const stop = await flood(watched, agentPid());
      stops.push(stop);
      // A page that missed the time limit once will miss it in the next round too.
      if (stop.ms === null) break;
    }
    return { echo, calmPage, calmAgent, stops };
  } finally {
    await browser.close();
  }
}

async function bare(): Promise<Figures> {
  const children: ChildProcess[] = [];
  const child = startProcess(children, ['--import', 'tsx', 'bench/terminal/bare.ts'], {});
  try {
    const [line] = (await once(child.stdout as NodeJS.ReadableStream, 'data')) as [Buffer];
    const open = async (page: Page) => {
      await page.goto(line.toString().trim());
      await page.locator('body[data-state=open]').waitFor();
    };
    return await measureIn(open, () => child.pid ?? 0);
  } finally {
    await endChild(child, 'SIGTERM', 5_000);
  }
}

async function ours(): Promise<Figures> {
  const product = await startOurs();
  try {
    return await measureIn(product.open, () => product.agentPid);
  } finally {
    await product.close();
  }
}

const shown = (ms: number | null | undefined) =>
  ms === null || ms === undefined ? `over ${PATIENCE_MS}` : figure(ms, 0);

function stopsRow(what: string, { stops }: Figures) {
  const times = stops.map(({ ms }) => ms ?? Number.POSITIVE_INFINITY).sort((a, b) => a - b);
  const at = (index: number) => shown(Number.isFinite(times[index]) ? times[index] : null);
  return {
    what,
    floods: stops.length,
    'median ms': at(Math.floor(times.length / 2)),
    'longest ms': at(times.length - 1),
  };
}

const most = (stops: Stop[], of: 'page' | 'agent') => figure(Math.max(...stops.map((stop) => stop[of])), 0);

await ensureChromium((line) => process.stdout.write(`${line}\n`));
const figures: [string, Figures][] = [
  ['bare page, xterm and node-pty', await bare()],
  ['this product', await ours()],
];
const slower = SLOWER > 1 ? `, the page with a ${SLOWER}th of a core` : '';
printTable(
  `Echo of ${KEYS} keys, from key to screen${slower}`,
  figures.map(([what, { echo }]) => ({
    what,
    'p50 ms': figure(quantile(echo, 0.5), 1),
    'p99 ms': figure(quantile(echo, 0.99), 1),
  })),
);
printTable(
  `From Ctrl-C to the prompt after ${FLOOD_MS / 1000} s of yes${slower} (aim 1000)`,
  figures.map(([what, measured]) => stopsRow(what, measured)),
);
printTable(
  'Resident memory in MiB, calm and at most while yes writes',
  figures.map(([what, { calmPage, calmAgent, stops }]) => ({
    what,
    'page calm': figure(calmPage, 0),
    'page flooded': most(stops, 'page'),
    'agent calm': figure(calmAgent, 0),
    'agent flooded': most(stops, 'agent'),
  })),
);
