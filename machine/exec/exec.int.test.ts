import { mkdirSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { AgentProcess } from '@/test/agent-process';

/** Commands on the real agent. */

let agent: AgentProcess;
beforeAll(async () => {
  agent = await AgentProcess.start();
}, 60_000);
afterAll(() => agent.stop());

type Line = { stream?: 'stdout' | 'stderr'; data?: string; exitCode?: number | null; timedOut?: boolean };

const post = (order: object, init: RequestInit = {}, grant?: string) =>
  agent.ask('exec', '', { method: 'POST', body: JSON.stringify(order), ...init }, grant);

async function run(order: object) {
  const response = await post(order);
  const body = await response.text();
  if (!response.ok) return `${response.status} ${JSON.parse(body).error.reason}`;
  const lines = body
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Line);
  const said = (name: string) =>
    Buffer.concat(
      lines.flatMap((line) => (line.stream === name ? Buffer.from(line.data ?? '', 'base64') : [])),
    ).toString();
  const { exitCode, timedOut } = lines.at(-1) as Line;
  return { out: said('stdout'), err: said('stderr'), exitCode, timedOut };
}

/** Returns whether a process with this text in its command line is alive. */
const lives = async (mark: string) => {
  const { out } = (await run({ command: `pgrep -f '[${mark[0]}]${mark.slice(1)}' || true` })) as {
    out: string;
  };
  return out !== '';
};

it('SESSION-141 text is run by a shell, a list as it is; output and exit code come apart', async () => {
  const text = { command: 'echo "a $((1 + 1))"; echo oops >&2; exit 3' };
  expect(await run(text)).toEqual({ out: 'a 2\n', err: 'oops\n', exitCode: 3, timedOut: false });
  expect(await run({ command: ['echo', '$HOME; exit 3'] })).toMatchObject({
    out: '$HOME; exit 3\n',
    exitCode: 0,
  });
  expect(await run({ command: ['no-such-program'] })).toMatchObject({
    exitCode: 127,
    err: 'no-such-program: command not found\n',
  });
  expect(await run({ command: 'kill -9 $$' })).toMatchObject({ exitCode: null, timedOut: false });
});

it('SESSION-141 a command runs in the workspace and home of the person, and knows no secret of the machine', async () => {
  mkdirSync(join(agent.folder, 'inner'));
  const workspace = realpathSync(agent.folder);
  expect(await run({ command: 'pwd -P' })).toMatchObject({ out: `${workspace}\n` });
  expect(await run({ command: 'pwd -P', cwd: 'inner' })).toMatchObject({ out: `${workspace}/inner\n` });
  expect(await run({ command: 'pwd', cwd: '/tmp' })).toMatchObject({ out: '/tmp\n' });
  expect(await run({ command: 'pwd', cwd: 'none' })).toBe('400 INVALID_INPUT');
  expect(await run({ command: 'echo $A $HOME', env: { A: '1 2' } })).toMatchObject({
    out: `1 2 ${agent.folder}/.home\n`,
  });
  expect(await run({ command: 'env | grep -c -E "TOKEN|LEASE" || true' })).toMatchObject({ out: '0\n' });
  for (const wrong of [{}, { command: '' }, { command: [] }, { command: [1] }, { command: 'a\0b' }])
    expect(await run(wrong)).toBe('400 INVALID_INPUT');
  for (const wrong of [
    { timeoutSeconds: 301 },
    { timeoutSeconds: 0 },
    { env: { 'A=B': 'x' } },
    { env: [] },
    { cwd: 1 },
  ])
    expect(await run({ command: 'true', ...wrong }), JSON.stringify(wrong)).toBe('400 INVALID_INPUT');
});

it('SESSION-142 a command that takes too long is ended with what it started, and says so', async () => {
  const stubborn = `trap '' TERM; echo begun; sleep 987654 & sleep 987654`;
  const from = performance.now();
  expect(await run({ command: stubborn, timeoutSeconds: 1 })).toMatchObject({
    out: 'begun\n',
    exitCode: null,
    timedOut: true,
  });
  expect(performance.now() - from).toBeLessThan(8_000);
  expect(await lives('sleep 987654')).toBe(false);
});

it('SESSION-142 what a command leaves running in the background holds no answer up', async () => {
  const from = performance.now();
  expect(await run({ command: 'sleep 87654 & echo started' })).toMatchObject({
    out: 'started\n',
    exitCode: 0,
  });
  expect(performance.now() - from).toBeLessThan(5_000);
  expect(await lives('sleep 87654')).toBe(true);
  await run({ command: "pkill -f '[s]leep 87654'" });
});

it('SESSION-142 a command ends when nobody waits for it any more, or its access has ended', async () => {
  const given = new AbortController();
  const response = await post({ command: 'echo up; exec sleep 76543' }, { signal: given.signal });
  await response.body?.getReader().read();
  given.abort();
  await expect.poll(() => lives('sleep 76543'), { timeout: 5_000 }).toBe(false);
  const other = await post({ command: 'echo up; exec sleep 65432' }, {}, 'key_left');
  await other.body?.getReader().read();
  agent.ended.add('key_left');
  await expect.poll(() => lives('sleep 65432'), { timeout: 10_000 }).toBe(false);
});

it('SESSION-142 a flood waits for its reader, and eight commands run at once', {
  timeout: 60_000,
}, async () => {
  const before = agent.memory();
  const flood = await post({ command: 'yes | head -c 400000000', timeoutSeconds: 60 });
  const reader = flood.body?.getReader();
  await reader?.read();
  const idle = await Promise.all(Array.from({ length: 7 }, () => post({ command: 'sleep 60' })));
  expect(await run({ command: 'true' })).toBe('429 RATE_LIMITED');
  expect(agent.memory() - before).toBeLessThan(64);
  await reader?.cancel();
  await Promise.all(idle.map((response) => response.body?.cancel()));
});

it('MACHINE-74 commands and shells are ended before the agent when memory is short', async () => {
  const scoreOf = async () =>
    ((await run({ command: 'cat /proc/$$/oom_score_adj' })) as { out: string }).out.trim();
  await expect.poll(scoreOf).toBe('500');
  const line = await agent.connect();
  line.type('echo "score $(cat /proc/self/oom_score_adj)"\n');
  await expect.poll(() => line.text()).toContain('score 500');
  expect(agent.memoryRank()).toBeLessThan(500);
});
