import { request } from 'node:http';
import { resolve } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import WebSocket from 'ws';
import { findFreePort, waitFor } from '@/scripts/services/processes';
import { AgentProcess } from '@/test/agent-process';

/** Ports on the real agent, with real servers in the session. */

let agent: AgentProcess;
let port: number;
beforeAll(async () => {
  agent = await AgentProcess.start();
  port = await findFreePort();
  await start(`${process.execPath} ${resolve('test/ports/site.mjs')} ${port}`);
  await untilListed(port);
}, 60_000);
afterAll(async () => {
  await start(`pkill -f '[s]ite.mjs ${port}'`);
  agent.stop();
});

type Listed = { port: number; process: string | null; host: string };

async function start(command: string): Promise<void> {
  const body = JSON.stringify({ command: `${command} >/dev/null 2>&1 & true` });
  await (await agent.ask('exec', '', { method: 'POST', body })).text();
}
const listed = async (): Promise<Listed[]> =>
  ((await (await agent.ask('ports', '/list')).json()) as { items: Listed[] }).items;
const untilListed = async (wanted: number) =>
  expect(await waitFor(async () => (await listed()).some((each) => each.port === wanted), 20_000, 200)).toBe(
    true,
  );

type Answer = { status: number; headers: Record<string, string | string[] | undefined>; body: string };
type Order = { method?: string; body?: Readable; grant?: string; headers?: Record<string, string> };

function visit(
  to: number,
  path: string,
  { method = 'GET', body, grant, headers }: Order = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request({ ...agent.toPort(to, path, headers, grant), method }, async (response) => {
      let text = '';
      for await (const chunk of response) text += chunk;
      resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text });
    });
    sent.on('error', reject);
    if (body) void pipeline(body, sent).catch(reject);
    else sent.end();
  });
}

it('MACHINE-170 what listens is listed with its program, and the machine itself is not', async () => {
  expect(await listed()).toContainEqual(expect.objectContaining({ port, process: 'node' }));
  expect((await listed()).map((each) => each.port)).not.toContain(agent.toPort(port).port);
});

it('MACHINE-171 a page is reached by its port, and another port by no means with the same permission', async () => {
  expect(await visit(port, '/')).toMatchObject({ status: 200, body: `<h1>It works on ${port}</h1>` });
  const borrowed = agent.toPort(port).headers['fly-replay-src'] ?? '';
  expect((await visit(port + 1, '/', { headers: { 'fly-replay-src': borrowed } })).status).toBe(401);
  expect((await visit(port, '/', { headers: { 'fly-replay-src': 'state=v2.1.key_1.x' } })).status).toBe(401);
  const foreign = agent.toPort(port);
  foreign.headers.host = `${port}--other.ports.test`;
  expect((await visit(port, '/', { headers: foreign.headers })).status).toBe(401);
});

it('MACHINE-172 a program gets its own host and none of the secrets of the door; it cannot direct the proxy', async () => {
  const headers = {
    cookie: 'a=1; hourglass-port=hgp_secret; __Host-hourglass-port=hgp_secret; b=2',
    origin: `http://${port}--session.ports.test`,
    'x-forwarded-proto': 'http',
  };
  const seen = JSON.parse((await visit(port, '/headers', { headers })).body);
  expect(seen).toMatchObject({
    host: `localhost:${port}`,
    cookie: 'a=1; b=2',
    origin: `http://localhost:${port}`,
    'x-forwarded-host': `${port}--session.ports.test`,
  });
  expect(Object.keys(seen).filter((name) => name.startsWith('fly-'))).toEqual([]);
  const away = await visit(port, '/away', { headers: { 'x-forwarded-proto': 'https' } });
  expect(away.status).toBe(302);
  expect(away.headers.location).toBe(`https://${port}--session.ports.test/there`);
  expect(away.headers['fly-replay']).toBeUndefined();
  expect(away.headers['set-cookie']).toEqual(['a=1']);
});

it('MACHINE-173 events arrive as they are sent, and WebSockets both ways', async () => {
  const first = await new Promise<string>((resolve, reject) => {
    const sent = request(agent.toPort(port, '/events'), (response) => {
      response.once('data', (chunk: Buffer) => {
        resolve(chunk.toString());
        sent.destroy();
      });
    });
    sent.on('error', reject).end();
  });
  expect(first).toBe('data: 1\n\n');
  const { headers, port: at } = agent.toPort(port);
  const ws = new WebSocket(`ws://127.0.0.1:${at}/socket`, { headers });
  await new Promise((resolve, reject) => ws.on('open', resolve).on('error', reject));
  const echoed = new Promise((resolve) => ws.on('message', (data) => resolve(data.toString())));
  ws.send('hello');
  expect(await echoed).toBe('hello');
  ws.terminate();
});

it('MACHINE-174 bodies of 300 MB stream both ways in bounded memory', { timeout: 60_000 }, async () => {
  const before = agent.memory();
  let most = 0;
  const mib = Buffer.alloc(1024 * 1024);
  const watched = () => {
    most = Math.max(most, agent.memory() - before);
    return mib;
  };
  const body = Readable.from(
    (function* () {
      for (let i = 0; i < 300; i++) yield watched();
    })(),
  );
  expect((await visit(port, '/count', { method: 'POST', body })).body).toBe(String(300 * 1024 * 1024));
  const received = await new Promise<number>((resolve, reject) => {
    const sent = request(agent.toPort(port, '/zeros?mib=300'), async (response) => {
      let bytes = 0;
      for await (const chunk of response) bytes += chunk.length;
      watched();
      resolve(bytes);
    });
    sent.on('error', reject).end();
  });
  expect(received).toBe(300 * 1024 * 1024);
  process.stdout.write(`  300 MB through a port and back: ${most.toFixed(0)} MB more memory at most\n`);
  expect(most).toBeLessThan(96);
});

it('MACHINE-175 a port where nothing listens says so, to people and to programs', async () => {
  const free = await findFreePort();
  const page = await visit(free, '/', { headers: { accept: 'text/html' } });
  expect(page.status).toBe(502);
  expect(page.body).toContain(`Nothing listens on port ${free} of this session.`);
  expect(page.headers.refresh).toBe('3');
  expect(JSON.parse((await visit(free, '/')).body).error.reason).toBe('NOT_FOUND');
});

it('MACHINE-176 what was opened through a port ends with the access', { timeout: 20_000 }, async () => {
  const ended = new Promise<void>((resolve, reject) => {
    const sent = request(agent.toPort(port, '/events', {}, 'link_left'), (response) => {
      response.on('close', () => resolve());
      response.on('error', () => {});
      response.resume();
      agent.ended.add('link_left');
    });
    sent.on('error', reject).end();
  });
  await ended;
  expect(agent.questions.flat()).toContain('link_left');
});

it('MACHINE-173 a Python server, and one that listens on IPv6 only, are reached', {
  timeout: 40_000,
}, async () => {
  const [python, six] = [await findFreePort(), await findFreePort()];
  await start(`python3 -m http.server ${python}`);
  await start(`${process.execPath} ${resolve('test/ports/site.mjs')} ${six} ::1`);
  await untilListed(six);
  expect((await visit(six, '/')).body).toContain('It works');
  if (await hasPython()) {
    await untilListed(python);
    expect((await visit(python, '/')).body).toContain('Directory listing');
  } else process.stdout.write('  there is no python3 here: its server was not tried\n');
  await start(`pkill -f '[s]ite.mjs ${six}'; pkill -f '[h]ttp.server ${python}'`);
});

async function hasPython(): Promise<boolean> {
  const body = JSON.stringify({ command: 'python3 --version >/dev/null 2>&1 && echo yes || true' });
  const text = await (await agent.ask('exec', '', { method: 'POST', body })).text();
  return text.includes(Buffer.from('yes\n').toString('base64'));
}
