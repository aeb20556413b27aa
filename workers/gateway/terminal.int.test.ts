import { randomUUID } from 'node:crypto';
import { connect } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import WebSocket from 'ws';
import { revokeApiKey } from '@/server/account/revoke-api-key';
import { type Grant, grantOf } from '@/server/run/grants';
import { connectTokenOf, runTokenOf } from '@/server/run/tokens';
import { askAccess } from '@/server/session/ask-access';
import { connectSession } from '@/server/session/connect';
import { type DoorStage, keyOf as makeKey, openDoorStage } from '@/test/door-stage';
import type { Stage } from '@/test/simulation/stage';
import { openTerminalDoor } from './terminal';

let gateway: DoorStage;
let stage: Stage;
beforeAll(async () => {
  gateway = await openDoorStage((server, { ctx }) => {
    const door = openTerminalDoor(ctx);
    server.on('upgrade', (request, socket, head) => void door.upgrade(request, socket, head));
  });
  stage = gateway.stage;
});
afterAll(() => gateway.close());

/** Creates an API key of the account and returns it as the grant of a terminal. */
const keyOf = async (accountId: string): Promise<Grant> => (await makeKey(stage, accountId)).grant;

type Outcome = { replay: string } | { code: number; reason: string } | { status: number };

function knock(sessionId: string, token: string, headers: Record<string, string> = {}): Promise<Outcome> {
  const { port } = gateway;
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

it('ACCOUNT-14 MACHINE-26 a running session is replayed to its machine, everything else is refused with a reason', async () => {
  const accountId = await stage.account();
  const { sessionId, runId, machine } = await stage.started(accountId);
  const early = await connectSession(stage.ctx, { accountId, sessionId, grant: await keyOf(accountId) });
  expect(await knock(sessionId, early.token)).toEqual({
    code: 4503,
    reason: 'This session is still starting.',
  });
  await stage.pass(100);
  await stage.call(runId, 0, 'running');
  const { token, url } = await connectSession(stage.ctx, {
    accountId,
    sessionId,
    grant: await keyOf(accountId),
  });
  expect(url).toBe(`ws://localhost:3002/terminal/${sessionId}`);
  expect(await knock(sessionId, token)).toEqual({
    replay: expect.stringMatching(
      new RegExp(
        `^app=hg-dev-${accountId};instance=${machine.id};state=v2\\.\\d+\\.key_[\\w-]+\\.[\\w-]{43}$`,
      ),
    ),
  });
  expect(await knock('another-session', token)).toMatchObject({ code: 4401 });
  expect(await knock(sessionId, `${token.slice(0, -1)}x`)).toMatchObject({ code: 4401 });
  expect(await knock(sessionId, token, { origin: 'https://elsewhere.example' })).toEqual({ status: 403 });
  const old = connectTokenOf(stage.ctx.env.AUTH_SECRET, {
    sessionId,
    accountId,
    runId,
    grant: await keyOf(accountId),
    expiresAt: stage.ctx.clock.now() - 1,
  });
  expect(await knock(sessionId, old)).toMatchObject({ code: 4401 });
  await stage.call(runId, 1, 'stopped');
  expect(await knock(sessionId, token)).toMatchObject({
    code: 4503,
    reason: 'This session is not running any more.',
  });
});

it('SESSION-29 a terminal opens for its own session with its own kind of token, and never with a token in the URL', async () => {
  const accountId = await stage.account();
  const [mine, other] = [await stage.started(accountId), await stage.started(await stage.account())];
  await stage.pass(100);
  for (const { runId } of [mine, other]) await stage.call(runId, 0, 'running');
  const { sessionId, runId } = mine;
  const { token } = await connectSession(stage.ctx, { accountId, sessionId, grant: await keyOf(accountId) });
  const secret = stage.ctx.env.AUTH_SECRET;
  const grant = await keyOf(accountId);
  const expiresAt = stage.ctx.clock.now() + 60_000;
  const wrong = {
    'of a machine': runTokenOf(secret, runId),
    'under another secret': connectTokenOf(`${secret}x`, { sessionId, accountId, runId, grant, expiresAt }),
    'for another run': connectTokenOf(secret, { sessionId, accountId, runId: other.runId, grant, expiresAt }),
    'for another account': connectTokenOf(secret, { sessionId, accountId: 'x', runId, grant, expiresAt }),
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

it('MACHINE-60 a machine is told which keys and sign-ins have ended, for its own account only', async () => {
  const accountId = await stage.account();
  const { sessionId, runId } = await stage.started(accountId);
  await stage.pass(100);
  await stage.call(runId, 0, 'running');
  const { sql } = stage.ctx;
  const person = async (days: number): Promise<Grant> => {
    const id = randomUUID();
    await sql`insert into auth_user (id, name, email) values (${id}, 'p', ${`${id}@hourglass.test`})`;
    await sql`
      insert into auth_sign_in (id, token, user_id, expires_at)
      values (${id}, ${id}, ${id}, now() + ${days} * interval '1 day')`;
    await sql`insert into member (account_id, user_id, role) values (${accountId}, ${id}, 'member')`;
    return grantOf({
      kind: 'user',
      userId: id,
      accountId,
      role: 'member',
      isAdmin: false,
      lacksSecondFactor: false,
      signInId: id,
    });
  };
  const key = await keyOf(accountId);
  const [here, left, out, expired] = [await person(1), await person(1), await person(1), await person(-1)];
  const foreign = await keyOf(await stage.account());
  const asked = [key, here, left, out, expired, foreign];
  const endedOf = async () => (await askAccess(stage.ctx, runId, asked)).ended;
  expect(await endedOf()).toEqual([expired, foreign]);
  const { token } = await connectSession(stage.ctx, { accountId, sessionId, grant: key });
  expect(await knock(sessionId, token)).toMatchObject({ replay: expect.any(String) });

  await sql`delete from member where user_id = ${left.slice('sign-in_'.length)}`;
  await sql`delete from auth_sign_in where id = ${out.slice('sign-in_'.length)}`;
  await revokeApiKey(stage.ctx, { accountId, apiKeyId: key.slice('key_'.length), actor: 'test' });
  expect(await endedOf()).toEqual([key, left, out, expired, foreign]);
  // A token made before the key was revoked no longer opens a terminal.
  expect(await knock(sessionId, token)).toEqual({
    code: 4401,
    reason: 'Your access to this session has ended.',
  });
  await sql`update account set status = 'blocked' where id = ${accountId}`;
  expect(await endedOf()).toEqual(asked);
  await expect(askAccess(stage.ctx, randomUUID(), asked)).rejects.toMatchObject({ reason: 'UNAUTHORIZED' });
});

it('MACHINE-33 an account opens at most 120 terminals per minute, and refused sockets are not kept', async () => {
  const accountId = await stage.account();
  const { sessionId, runId } = await stage.started(accountId);
  await stage.pass(100);
  await stage.call(runId, 0, 'running');
  const { token } = await connectSession(stage.ctx, { accountId, sessionId, grant: await keyOf(accountId) });
  const outcomes: Outcome[] = [];
  for (let i = 0; i < 125; i++) outcomes.push(await knock(sessionId, token));
  expect(outcomes.filter((outcome) => 'replay' in outcome)).toHaveLength(120);
  expect(outcomes.at(-1)).toEqual({ status: 429 });
  // A client that never answers the close frame is disconnected within CLOSE_TIMEOUT_MS.
  const { port } = gateway;
  const deaf = connect(port, '127.0.0.1', () =>
    deaf.write(
      `GET /terminal/x HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`,
    ),
  );
  deaf.resume();
  await expect.poll(() => deaf.destroyed, { timeout: 5_000 }).toBe(true);
});

it('MACHINE-33 a refused client that keeps its half open keeps no connection', async () => {
  const { port } = gateway;
  const open = () =>
    new Promise<number>((resolve, reject) =>
      gateway.server.getConnections((error, count) => (error ? reject(error) : resolve(count))),
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

it('MACHINE-26 a malformed upgrade is refused and does not end the gateway', async () => {
  const { port } = gateway;
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
