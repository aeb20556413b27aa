import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { AgentProcess, type Line } from '@/test/agent-process';

let agent: AgentProcess;
beforeAll(async () => {
  agent = await AgentProcess.start();
}, 60_000);
afterAll(() => agent.stop());

const last = (line: Line, type: string) => line.messages.filter((message) => message.type === type).at(-1);
const tabsOf = (line: Line) => expect.poll(() => last(line, 'tabs')?.tabs);
const written = (name: string) => {
  const path = join(agent.folder, name);
  return existsSync(path) ? readFileSync(path, 'utf8') : '';
};

/** Connects and waits for a prompt, so that later input does not mix with the start of the shell. */
async function shell(tab: number): Promise<Line> {
  const line = await agent.connect({ tab, query: `&v=2&page=page-000${tab}` });
  line.say({ type: 'restored' });
  line.type('PS1="ready> "; stty -echo; echo "be""gun"\r');
  await expect.poll(line.text, { timeout: 10_000 }).toContain('begun');
  return line;
}

it('MACHINE-113 every window has the same tabs: their names, their order, and which are open', async () => {
  const first = await shell(1);
  await tabsOf(first).toEqual([{ tab: 1 }]);
  const second = await shell(3);
  for (const line of [first, second]) await tabsOf(line).toEqual([{ tab: 1 }, { tab: 3 }]);
  second.say({ type: 'rename', tab: 1, name: ' ser\x1bver\u202e 👩\u200d💻 ' });
  for (const line of [first, second])
    await tabsOf(line).toEqual([{ tab: 1, name: 'server 👩\u200d💻' }, { tab: 3 }]);
  first.say({ type: 'order', tabs: [3, 1] });
  for (const line of [first, second])
    await tabsOf(line).toEqual([{ tab: 3 }, { tab: 1, name: 'server 👩\u200d💻' }]);
  // Invalid messages change nothing.
  for (const tabs of [[3], [3, 3], [1, 3, 2], 'x', [3, '1'], null]) first.say({ type: 'order', tabs });
  for (const name of [7, null, {}]) first.say({ type: 'rename', tab: 3, name });
  first.say({ type: 'rename', tab: 5, name: 'nobody' });
  first.say({ type: 'end', tab: 5 });
  first.say({ type: 'rename', tab: 1, name: '\u202e' });
  const third = await agent.connect({ tab: 3 });
  await tabsOf(third).toEqual([{ tab: 3 }, { tab: 1 }]);
  first.say({ type: 'rename', tab: 3, name: 'x'.repeat(500) });
  await tabsOf(third).toEqual([{ tab: 3, name: 'x'.repeat(40) }, { tab: 1 }]);
});

it('MACHINE-114 closing a tab ends what runs in it, also what does not hang up, and nothing else', async () => {
  const [first, doomed] = [await shell(1), await shell(4)];
  doomed.type('nohup sh -c "while sleep 0.1; do date +%s%N > kept; done" > /dev/null 2>&1 & echo $! > pid\r');
  doomed.type('trap "" HUP; (trap "" HUP; while sleep 0.2; do date +%s%N > beats; done)\r');
  await expect.poll(() => written('beats'), { timeout: 10_000 }).not.toBe('');
  first.say({ type: 'end', tab: 4 });
  expect(await doomed.closed).toEqual({ code: 1000, reason: 'This tab was closed.' });
  await tabsOf(first).not.toContainEqual({ tab: 4 });
  await expect
    .poll(
      async () => {
        const before = written('beats');
        await new Promise((resolve) => setTimeout(resolve, 600));
        return written('beats') === before;
      },
      { timeout: 10_000 },
    )
    .toBe(true);
  // A process made to outlive its terminal does so.
  const kept = written('kept');
  await expect.poll(() => written('kept')).not.toBe(kept);
  process.kill(Number(written('pid')), 'SIGKILL');
  first.type('echo "still $((20 + 3))"\r');
  await expect.poll(first.text).toContain('still 23');
  // The number is free again, for another shell.
  const again = await shell(4);
  again.type('trap\r');
  again.type('echo "shell $((4 + 4))"\r');
  await expect.poll(again.text).toContain('shell 8');
  expect(again.text()).not.toContain('SIGHUP');
});

it('MACHINE-112 mouse reports of the old form arrive whole, from the window that is active', async () => {
  const line = await shell(2);
  line.type('stty raw; echo "lis""tens"; head -c 12 | od -An -tx1 > mouse; stty -raw; echo "mo""ved"\r');
  await expect.poll(line.text).toContain('listens');
  const other = await agent.connect({ tab: 2, query: '&v=2&page=page-0009' });
  other.say({ type: 'restored' });
  other.say({ type: 'binary', data: '\x1b[M !!' });
  const report = (x: number, y: number) => `\x1b[M ${String.fromCharCode(32 + x, 32 + y)}`;
  for (const data of ['x'.repeat(5_000), 'ü\u0100', 7, null]) line.say({ type: 'binary', data });
  line.say({ type: 'binary', data: report(180, 95) });
  line.say({ type: 'binary', data: report(223, 120) });
  await expect.poll(line.text).toContain('moved');
  expect(written('mouse').trim()).toBe('1b 5b 4d 20 d4 7f 1b 5b 4d 20 ff 98');
});
