import { mkdirSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import WebSocket from 'ws';
import { findFreePort, waitFor } from '@/scripts/services/processes';
import { AgentProcess } from '@/test/agent-process';

/** A real development server behind a port. */

let agent: AgentProcess;
let port: number;
let site: string;
beforeAll(async () => {
  agent = await AgentProcess.start();
  port = await findFreePort();
  site = join(agent.folder, 'site');
  mkdirSync(site);
  writeFileSync(join(site, 'index.html'), '<h1>one</h1><script type="module" src="/main.js"></script>');
  writeFileSync(join(site, 'main.js'), 'export const word = "one";\n');
  await run(
    `node ${resolve('node_modules/vite/bin/vite.js')} --port ${port} --strictPort >vite.log 2>&1 & true`,
  );
}, 60_000);
afterAll(async () => {
  await run(`pkill -f '[v]ite.js --port ${port}'`);
  agent.stop();
});

async function run(command: string): Promise<void> {
  await (
    await agent.ask('exec', '', { method: 'POST', body: JSON.stringify({ command, cwd: site }) })
  ).text();
}

const page = (path: string) =>
  new Promise<{ status: number; body: string }>((done, reject) => {
    const sent = request(agent.toPort(port, path), async (response) => {
      let body = '';
      for await (const chunk of response) body += chunk;
      done({ status: response.statusCode ?? 0, body });
    });
    sent.on('error', reject).end();
  });

it('MACHINE-173 a page of Vite is shown under its public address, and reloads when a file changes', {
  timeout: 60_000,
}, async () => {
  expect(await waitFor(async () => (await page('/')).status === 200, 40_000, 300)).toBe(true);
  expect((await page('/')).body).toContain('<h1>one</h1>');
  expect((await page('/main.js')).body).toContain('"one"');
  const client = (await page('/@vite/client')).body;
  const token = /wsToken = "([\w-]+)"/.exec(client)?.[1] ?? '';
  const { headers, port: at } = agent.toPort(port);
  const origin = `http://${headers.host}`;
  const ws = new WebSocket(`ws://127.0.0.1:${at}/?token=${token}`, 'vite-hmr', { headers, origin });
  const told: { type: string }[] = [];
  ws.on('message', (data) => told.push(JSON.parse(data.toString())));
  await new Promise((done, reject) => ws.on('open', done).on('error', reject));
  await expect.poll(() => told.map(({ type }) => type), { timeout: 10_000 }).toContain('connected');
  writeFileSync(join(site, 'index.html'), '<h1>two</h1><script type="module" src="/main.js"></script>');
  await expect.poll(() => told.map(({ type }) => type), { timeout: 10_000 }).toContain('full-reload');
  expect((await page('/')).body).toContain('<h1>two</h1>');
  ws.terminate();
});
