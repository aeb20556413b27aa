import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { expect, it, onTestFinished } from 'vitest';
import { AgentProcess } from '@/test/agent-process';

/**
 * Programs that behave as coding agents do: each draws its frame in the alternate screen, queries the terminal's features,
 * and then does one thing for as long as it runs.
 */
const FRAME = `#!/usr/bin/env node
const out = (text) => process.stdout.write(text);
process.stdin.setRawMode?.(true);
process.stdin.resume();
out('\\x1b[?1049h\\x1b[?2004h\\x1b[?1004h\\x1b[c\\x1b[?u\\x1b[2J\\x1b[H> waiting for you');
process.on('SIGHUP', () => process.exit());
`;
const AGENTS = {
  prints: `let n = 0; setInterval(() => out('\\r\\nEdited file ' + n++), 900);`,
  draws: `let n = 0; setInterval(() => out('\\x1b[5;1H' + '|/-\\\\'[n++ % 4] + ' Thinking (' + n + 's)'), 400);`,
  computes: `require('node:child_process').spawn('sh', ['-c', 'while :; do :; done'], { stdio: 'ignore' });`,
  waits: `setInterval(() => {}, 60_000);`,
  polls: `setInterval(() => out('\\x1b[?25l\\x1b[6n\\x1b]11;?\\x07\\x1b[?25h'), 500);`,
};

/** Starts a machine whose agent is one of these programs, and a viewer whose terminal answers queries. */
async function runAgent(body: string): Promise<AgentProcess> {
  const folder = mkdtempSync(join(tmpdir(), 'hourglass-fake-agent-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(join(folder, 'claude'), FRAME + body);
  chmodSync(join(folder, 'claude'), 0o755);
  const machine = await AgentProcess.start({
    HOURGLASS_IDLE_MS: '12000',
    HOURGLASS_AGENT: 'claude-code',
    PATH: `${folder}:${process.env.PATH}`,
  });
  onTestFinished(() => machine.stop());
  const line = await machine.connect();
  line.ws.on('message', (data: Buffer, isBinary) => {
    const text = isBinary ? data.toString() : '';
    if (text.includes('\x1b[6n')) line.type('\x1b[5;1R');
    if (text.includes('\x1b]11;?')) line.type('\x1b]11;rgb:0000/0000/0000\x07');
    if (text.includes('\x1b[c')) line.type('\x1b[?62;22c');
  });
  await expect.poll(line.text, { timeout: 15_000 }).toContain('waiting for you');
  return machine;
}

/** Returns whether the machine reported such a time after an instant in ms. */
const since = (machine: AgentProcess, name: 'lastWorkAt' | 'lastInputAt', at: number): boolean =>
  machine.told.some((call) => typeof call[name] === 'string' && Date.parse(call[name]) > at);

/** Returns whether an agent counts as working once its start is over: drawing and computing at the start are work too. */
async function worksFor(name: string, body: string): Promise<[string, boolean]> {
  const machine = await runAgent(body);
  await pause(5_000);
  const begun = Date.now();
  await pause(7_000);
  expect(since(machine, 'lastInputAt', 0), `${name} is not somebody typing`).toBe(false);
  return [name, since(machine, 'lastWorkAt', begun)];
}

it('SESSION-152 MACHINE-48 MACHINE-24 MACHINE-150 agents that print, draw or compute in silence work; those that wait or poll the cursor do not', {
  timeout: 120_000,
}, async () => {
  const found = await Promise.all(Object.entries(AGENTS).map(([name, body]) => worksFor(name, body)));
  expect(Object.fromEntries(found)).toEqual({
    prints: true,
    draws: true,
    computes: true,
    waits: false,
    polls: false,
  });
});
