import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import WebSocket from 'ws';
import { connectSession } from '@/server/session/connect';
import { connectTokenOf, runTokenOf } from '@/server/session/tokens';
import { Stage } from '@/test/simulation/stage';
import { openTerminalDoor } from './terminal';

let stage: Stage;
let server: Server;
beforeAll(async () => {
  stage = await Stage.open({ startAt: Date.parse('2026-11-10T12:00:00Z') });
  server = createServer();
  const door = openTerminalDoor(stage.ctx);
  server.on('upgrade', (request, socket, head) => void door.upgrade(request, socket, head));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterAll(async () => {
  server.closeAllConnections();
  server.close();
  await stage.world.close();
});

type Outcome = { replay: string } | { code: number; reason: string } | { status: number };

function knock(sessionId: string, token: string, headers: Record<string, string> = {}): Promise<Outcome> {
  const { port } = server.address() as AddressInfo;
  const ws = new WebSocket(
    `ws://127.0.0.1:${port}/terminal/${sessionId}?tab=1`,
    ['hourglass', `token.${token}`],
    { headers },
  );
  return new Promise((resolve) => {
    ws.on('unexpected-response', (_, response) => {
      const replay = response.headers['fly-replay'];
      resolve(typeof replay === 'string' ? { replay } : { status: response.statusCode ?? 0 });
      response.destroy();
    });
    ws.on('close', (code, reason) => resolve({ code, reason: reason.toString() }));
    ws.on('error', () => {});
  });
}

it('ACCOUNT-14 MACHINE-26 a running session is answered with its machine, everything else with a reason', async () => {
  const accountId = await stage.account();
  const { sessionId, runId, machine } = await stage.started(accountId);
  const early = await connectSession(stage.ctx, { accountId, sessionId });
  expect(await knock(sessionId, early.token)).toEqual({
    code: 4503,
    reason: 'This session is still starting.',
  });
  await stage.pass(100);
  await stage.call(runId, 0, 'running');
  const { token, url } = await connectSession(stage.ctx, { accountId, sessionId });
  expect(url).toBe(`ws://localhost:3002/terminal/${sessionId}`);
  expect(await knock(sessionId, token)).toEqual({
    replay: expect.stringMatching(
      new RegExp(`^app=hg-dev-${accountId};instance=${machine.id};state=v1\\.\\d+\\.[\\w-]{43}$`),
    ),
  });
  expect(await knock('another-session', token)).toMatchObject({ code: 4401 });
  expect(await knock(sessionId, `${token.slice(0, -1)}x`)).toMatchObject({ code: 4401 });
  expect(await knock(sessionId, token, { origin: 'https://elsewhere.example' })).toEqual({ status: 403 });
  const old = connectTokenOf(stage.ctx.env.AUTH_SECRET, {
    sessionId,
    accountId,
    runId,
    expiresAt: stage.ctx.clock.now() - 1,
  });
  expect(await knock(sessionId, old)).toMatchObject({ code: 4401 });
  await stage.call(runId, 1, 'stopped');
  expect(await knock(sessionId, token)).toMatchObject({
    code: 4503,
    reason: 'This session is not running any more.',
  });
});

it('SESSION-29 a terminal opens for its own session, by its own kind of token, and not from an address', async () => {
  const accountId = await stage.account();
  const [mine, other] = [await stage.started(accountId), await stage.started(await stage.account())];
  await stage.pass(100);
  for (const { runId } of [mine, other]) await stage.call(runId, 0, 'running');
  const { sessionId, runId } = mine;
  const { token } = await connectSession(stage.ctx, { accountId, sessionId });
  const secret = stage.ctx.env.AUTH_SECRET;
  const expiresAt = stage.ctx.clock.now() + 60_000;
  const wrong = {
    'of a machine': runTokenOf(secret, runId),
    'under another secret': connectTokenOf(`${secret}x`, { sessionId, accountId, runId, expiresAt }),
    'for another run': connectTokenOf(secret, { sessionId, accountId, runId: other.runId, expiresAt }),
    'for another account': connectTokenOf(secret, { sessionId, accountId: 'x', runId, expiresAt }),
    'with another body': token.replace(/^hgc_[^.]+/, 'hgc_e30'),
  };
  for (const [kind, text] of Object.entries(wrong)) {
    expect(await knock(sessionId, text), kind).toMatchObject({
      code: expect.toSatisfy((code) => code > 4400),
    });
  }
  expect(await knock(other.sessionId, token)).toMatchObject({ code: 4401 });
  expect(await knock(`${sessionId}?token=${token}&x=`, 'none')).toMatchObject({ code: 4401 });
  expect(await knock(sessionId, token)).toMatchObject({ replay: expect.any(String) });
  stage.world.clock.advance(60_001);
  expect(await knock(sessionId, token)).toMatchObject({ code: 4401 });
});

it('MACHINE-33 an account opens 120 terminals a minute, and refused sockets are not kept', async () => {
  const accountId = await stage.account();
  const { sessionId, runId } = await stage.started(accountId);
  await stage.pass(100);
  await stage.call(runId, 0, 'running');
  const { token } = await connectSession(stage.ctx, { accountId, sessionId });
  const outcomes: Outcome[] = [];
  for (let i = 0; i < 125; i++) outcomes.push(await knock(sessionId, token));
  expect(outcomes.filter((outcome) => 'replay' in outcome)).toHaveLength(120);
  expect(outcomes.at(-1)).toEqual({ status: 429 });
  // Somebody who never answers the goodbye is left soon.
  const { port } = server.address() as AddressInfo;
  const deaf = connect(port, '127.0.0.1', () =>
    deaf.write(
      `GET /terminal/x HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`,
    ),
  );
  deaf.resume();
  await expect.poll(() => deaf.destroyed, { timeout: 5_000 }).toBe(true);
});

it('MACHINE-33 a refused client that keeps its half open keeps no connection', async () => {
  const { port } = server.address() as AddressInfo;
  const open = () =>
    new Promise<number>((resolve, reject) =>
      server.getConnections((error, count) => (error ? reject(error) : resolve(count))),
    );
  const answers: string[] = [];
  const clients = Array.from({ length: 20 }, () =>
    connect({ port, host: '127.0.0.1', allowHalfOpen: true })
      .on('data', (chunk) => answers.push(chunk.toString()))
      .on('error', () => {}),
  );
  for (const client of clients)
    client.write(
      `GET /terminal/x HTTP/1.1\r\nHost: x\r\nOrigin: https://elsewhere.example\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`,
    );
  await expect.poll(() => answers.length).toBe(20);
  for (const answer of answers) expect(answer).toMatch(/^HTTP\/1\.1 403 /);
  await expect.poll(open, { timeout: 5_000 }).toBe(0);
  for (const client of clients) client.destroy();
});

it('MACHINE-26 nonsense at the door is answered and ends nothing', async () => {
  const { port } = server.address() as AddressInfo;
  for (const path of ['//', 'http://', 'http://[', '/%zz', '/terminal/x?token=%']) {
    const answer = await new Promise<string>((resolve) => {
      const socket = connect(port, '127.0.0.1', () =>
        socket.write(
          `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`,
        ),
      );
      socket.once('data', (chunk) => {
        resolve(chunk.toString());
        socket.destroy();
      });
      socket.on('error', () => {});
    });
    expect(answer, path).toMatch(/^HTTP\/1\.1 (400|101)/);
  }
});
