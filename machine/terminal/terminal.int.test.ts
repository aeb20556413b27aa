import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { AgentProcess, type Line } from '@/test/agent-process';

let agent: AgentProcess;
beforeAll(async () => {
  agent = await AgentProcess.start();
}, 60_000);
afterAll(() => agent.stop());

const ofType = (line: Line, type: string) => line.messages.filter((message) => message.type === type);
const file = (name: string) => join(agent.folder, name);

/** Connects and waits for a prompt, so that later input does not mix with the start of the shell. */
async function shell(tab: number, options = {}): Promise<Line> {
  const line = await agent.connect({ tab, ...options });
  line.type('PS1="ready> "; stty -echo; clear; echo "be""gun"\r');
  await expect.poll(line.text, { timeout: 10_000 }).toContain('begun');
  return line;
}

it('MACHINE-51 MACHINE-52 only the viewer that types answers and sets the size; the others follow and take over', async () => {
  const first = await shell(1, { cols: 100, rows: 30 });
  const second = await agent.connect({ tab: 1, cols: 60, rows: 20 });
  expect(ofType(first, 'ready')[0]).toMatchObject({ active: true, cols: 100, rows: 30 });
  expect(ofType(second, 'ready')[0]).toMatchObject({ active: false, cols: 100, rows: 30 });
  first.say({ type: 'restored' });
  second.say({ type: 'restored' });
  first.type('stty size; stty raw; head -c 6 | od -c | head -1; stty -raw\r');
  await expect.poll(first.text).toContain('30 100');
  // Both terminals answer the same question; the program gets one answer.
  second.type('\x1b[9;9R');
  first.type('\x1b[1;1R');
  await expect.poll(first.text).toContain('033   [   1   ;   1   R');
  second.say({ type: 'resize', cols: 61, rows: 21 });
  second.type('stty size\r');
  await expect.poll(first.text).toContain('21 61');
  expect(ofType(first, 'active').at(-1)).toMatchObject({ active: false });
  expect(ofType(second, 'active').at(-1)).toMatchObject({ active: true });
  expect(ofType(first, 'size').at(-1)).toMatchObject({ cols: 61, rows: 21 });
  // The remaining viewer gets the size back.
  second.ws.close();
  await expect.poll(() => ofType(first, 'active').at(-1)).toMatchObject({ active: true });
  first.type('stty size\r');
  await expect.poll(() => first.text().split('30 100').length).toBe(3);
});

it('MACHINE-51 what a terminal says while its past is drawn reaches no shell', async () => {
  const first = await shell(2);
  first.ws.close();
  await first.closed;
  const second = await agent.connect({ tab: 2, query: '&v=2&page=page-0001' });
  second.say({ type: 'input', data: '\x1b[?1;2c\x1b[2;2R\x1b]11;rgb:1616/1414/0f0f\x07', at: 0 });
  second.say({ type: 'restored' });
  second.say({ type: 'input', data: 'echo "no""thing before"\r', at: 45 });
  await expect.poll(second.text).toContain('nothing before');
  expect(second.text()).not.toMatch(/command not found|1;2c|rgb/);
});

it('MACHINE-55 a paste of 10 MiB arrives whole, in pieces and in one', async () => {
  const line = await shell(3, { query: '&v=2&page=page-0002' });
  const text = Array.from({ length: 10 * 1024 * 16 }, (_, i) => `${`line ${i} `.padEnd(63, 'x')}\r`).join('');
  expect(text.length).toBe(10 * 1024 * 1024);
  const wanted = createHash('sha256').update(text.replaceAll('\r', '\n')).digest('hex');
  for (const size of [4_000, text.length]) {
    line.type(`head -c ${text.length} | sha256sum > sum-${size}; echo "ta""ken"\r`);
    for (let from = 0; from < text.length; from += size) line.type(text.slice(from, from + size));
    const sum = () => (existsSync(file(`sum-${size}`)) ? readFileSync(file(`sum-${size}`), 'utf8') : '');
    await expect.poll(sum, { timeout: 25_000 }).toContain(wanted);
  }
}, 60_000);

it('MACHINE-56 a program that does not read makes nobody else wait, takes bounded memory, and is told', async () => {
  const [stuck, other] = [await shell(4), await shell(5)];
  stuck.type('stty raw; sleep 1000; stty -raw; echo "wo""ken"\r');
  await expect.poll(() => ofType(stuck, 'ready').length).toBe(1);
  const before = agent.memory();
  for (let i = 0; i < 40; i++) stuck.type('x'.repeat(1024 * 1024));
  await expect.poll(() => ofType(stuck, 'notice').length, { timeout: 15_000 }).toBeGreaterThan(20);
  expect(String(ofType(stuck, 'notice')[0]?.text)).toContain('does not read');
  other.type('echo "still $((20 + 3))"\r');
  await expect.poll(other.text).toContain('still 23');
  expect(agent.memory() - before).toBeLessThan(150);
});

it('MACHINE-59 under a flood an interrupt is felt within a second, and memory stays bounded', async () => {
  const line = await agent.connect({ tab: 6, query: '&v=2&page=page-0003', keep: false });
  line.say({ type: 'restored' });
  // A viewer that draws and acknowledges half a megabyte per second.
  let drawn = 0;
  const drawing = setInterval(() => {
    const next = Math.min(line.bytes(), drawn + 10_000);
    if (next > drawn) line.say({ type: 'ack', bytes: next });
    drawn = next;
  }, 20);
  try {
    line.type('yes; echo "flood""end"\r');
    await expect.poll(() => drawn, { timeout: 20_000 }).toBeGreaterThan(2_000_000);
    expect(line.bytes() - drawn).toBeLessThan(600_000);
    expect(agent.memory()).toBeLessThan(400);
    const at = performance.now();
    const before = drawn;
    line.type('\x03');
    // All output sent before the end of the flood is drawn before it.
    let last = line.bytes();
    await expect
      .poll(
        () => {
          const quiet = line.bytes() === last && drawn === last;
          last = line.bytes();
          return quiet;
        },
        { interval: 100, timeout: 10_000 },
      )
      .toBe(true);
    expect(performance.now() - at).toBeLessThan(1_000);
    expect(drawn - before).toBeLessThan(400_000);
  } finally {
    clearInterval(drawing);
  }
});

it('MACHINE-58 a reader that stands still is dropped after five seconds, and the shell goes on', async () => {
  const still = await agent.connect({ tab: 6, query: '&v=2&page=page-0004', keep: false });
  still.ws.pause();
  const reader = await shell(6);
  reader.type('head -c 6000000 /dev/zero | tr "\\0" "x" | fold -w 79; echo "all""out"\r');
  await expect.poll(() => reader.text().includes('allout'), { timeout: 25_000 }).toBe(true);
  still.ws.resume();
  expect((await still.closed).code).toBe(4408);
}, 60_000);

it('MACHINE-60 a terminal ends within ten seconds of the access it was opened with', async () => {
  const [mine, other] = [await shell(2, { grant: 'key_mine' }), await shell(2, { grant: 'sign-in_other' })];
  const at = performance.now();
  agent.ended.add('key_mine');
  expect(await mine.closed).toEqual({ code: 4401, reason: 'Your access to this session has ended.' });
  expect(performance.now() - at).toBeLessThan(10_000);
  other.type('echo "he""re"\r');
  await expect.poll(other.text).toContain('here');
  expect(agent.questions.at(-1)).toEqual(expect.arrayContaining(['sign-in_other']));
});

it('MACHINE-61 what a page sends again after a lost connection is typed once', async () => {
  const first = await shell(3);
  first.ws.close();
  const query = '&v=2&page=page-0005';
  const lost = await agent.connect({ tab: 3, query });
  expect(ofType(lost, 'ready')[0]).toMatchObject({ took: null });
  lost.say({ type: 'input', data: 'echo "once', at: 0 });
  await expect.poll(() => ofType(lost, 'took').at(-1)).toMatchObject({ units: 10 });
  lost.ws.terminate();
  const back = await agent.connect({ tab: 3, query });
  expect(ofType(back, 'ready')[0]).toMatchObject({ took: 10 });
  back.say({ type: 'restored' });
  back.say({ type: 'input', data: 'echo "once" >> once\r', at: 0 });
  await expect
    .poll(() => (existsSync(file('once')) ? readFileSync(file('once'), 'utf8') : ''))
    .toBe('once\n');
});
