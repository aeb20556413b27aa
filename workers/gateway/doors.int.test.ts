import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import WebSocket from 'ws';
import { revokeApiKey } from '@/server/account/revoke-api-key';
import type { Door } from '@/server/run/tokens';
import { connectSession } from '@/server/session/connect';
import { type DoorStage, openDoorStage, runningByKey } from '@/test/door-stage';
import type { Stage } from '@/test/simulation/stage';
import { MachineDoors } from './doors';

let doors: DoorStage;
let stage: Stage;
beforeAll(async () => {
  doors = await openDoorStage((server, { ctx }) => {
    const handler = new MachineDoors(ctx);
    server.on('request', (request, response) => {
      if (!handler.request(request, response)) response.writeHead(404).end();
    });
    server.on('upgrade', (request, socket) => {
      if (!handler.upgrade(request, socket)) socket.destroy();
    });
  });
  stage = doors.stage;
});
afterAll(() => doors.close());

async function running() {
  const session = await runningByKey(stage);
  const { accountId, sessionId, grant } = session;
  const tokenFor = async (door: Door) =>
    (await connectSession(stage.ctx, { accountId, sessionId, grant, door })).token;
  return { ...session, tokenFor };
}

const address = () => `http://127.0.0.1:${doors.port}`;

/** Returns the machine a request is replayed to, or the reason why it is not. */
async function ask(path: string, token: string | null, init: RequestInit = {}): Promise<string> {
  const headers = { ...(token ? { authorization: `Bearer ${token}` } : {}), ...init.headers };
  const response = await fetch(`${address()}${path}`, { ...init, headers });
  const replay = response.headers.get('fly-replay');
  if (replay) return replay.replace(/state=.*/, 'state');
  const { error } = (await response.json()) as { error: { reason: string; message: string } };
  return `${response.status} ${error.reason}`;
}

it('MACHINE-145 a request for files or a command is replayed to its own machine, by a token of that door only', async () => {
  const { sessionId, machine, accountId, tokenFor } = await running();
  const other = await running();
  const replay = `app=hg-dev-${accountId};instance=${machine.id};state`;
  const tokens = { files: await tokenFor('files'), exec: await tokenFor('exec') };
  expect(await ask(`/files/${sessionId}/list?path=`, tokens.files)).toBe(replay);
  expect(await ask(`/exec/${sessionId}`, tokens.exec, { method: 'POST', body: '{}' })).toBe(replay);
  for (const [path, token] of [
    [`/files/${sessionId}/list`, tokens.exec],
    [`/files/${sessionId}/list`, await tokenFor('terminal')],
    [`/exec/${sessionId}`, tokens.files],
    [`/files/${other.sessionId}/list`, tokens.files],
    [`/files/${sessionId}/list?token=${tokens.files}`, null],
    [`/files/${sessionId}/list`, `${tokens.files}x`],
  ] as const)
    expect(await ask(path, token), path).toBe('401 UNAUTHORIZED');
  const form = { method: 'POST', body: new URLSearchParams({ token: tokens.files, path: 'a' }) };
  expect(await ask(`/files/${sessionId}/read`, null, form)).toBe(replay);
  const endless = {
    method: 'POST',
    body: new URLSearchParams({ token: tokens.files, path: 'a'.repeat(20_000) }),
  };
  expect(await ask(`/files/${sessionId}/read`, null, endless)).toBe('401 UNAUTHORIZED');
  stage.world.clock.advance(60_001);
  expect(await ask(`/files/${sessionId}/list`, tokens.files)).toBe('401 UNAUTHORIZED');
});

it('MACHINE-145 an upgrade for an upload is replayed in the same way', async () => {
  const { sessionId, tokenFor } = await running();
  const knock = (token: string, origin?: string) =>
    new Promise<string>((resolve) => {
      const url = `${address().replace('http', 'ws')}/files/${sessionId}/upload`;
      const ws = new WebSocket(url, ['hourglass', `token.${token}`], origin ? { origin } : {});
      ws.on('error', () => {});
      ws.on('unexpected-response', (_, response) => {
        resolve(response.headers['fly-replay'] ? 'replayed' : String(response.statusCode));
        response.destroy();
      });
    });
  const token = await tokenFor('files');
  expect(await knock(token)).toBe('replayed');
  expect(await knock(token, 'http://localhost:3000')).toBe('replayed');
  expect(await knock(token, 'https://elsewhere.example')).toBe('403');
  expect(await knock(await tokenFor('exec'))).toBe('401');
});

it('MACHINE-146 a page of this app may call, one of another site may not', async () => {
  const { sessionId, tokenFor } = await running();
  const path = `/files/${sessionId}/list`;
  const token = await tokenFor('files');
  const ours = { origin: 'http://localhost:3000' };
  const preflight = await fetch(`${address()}${path}`, { method: 'OPTIONS', headers: ours });
  expect([preflight.status, preflight.headers.get('access-control-allow-origin')]).toEqual([
    204,
    'http://localhost:3000',
  ]);
  expect(await ask(path, token, { headers: ours })).toMatch(/^app=/);
  const theirs = { origin: 'https://elsewhere.example' };
  expect(await ask(path, token, { headers: theirs })).toBe('403 FORBIDDEN');
  expect(await ask(path, token, { headers: { origin: 'null' } })).toBe('403 FORBIDDEN');
  const refused = await fetch(`${address()}${path}`, { method: 'OPTIONS', headers: theirs });
  expect(refused.headers.get('access-control-allow-origin')).toBeNull();
});

it('MACHINE-147 SESSION-140 nothing is reached with ended access, or in a session that does not run', async () => {
  const { sessionId, accountId, apiKeyId, runId, grant, tokenFor } = await running();
  const token = await tokenFor('files');
  await revokeApiKey(stage.ctx, { accountId, apiKeyId, actor: 'test' });
  expect(await ask(`/files/${sessionId}/list`, token)).toBe('401 UNAUTHORIZED');
  await stage.call(runId, 1, 'stopped');
  expect(await ask(`/files/${sessionId}/list`, token)).toBe('409 NOT_RUNNING');
  for (const door of ['files', 'exec'] as const)
    await expect(connectSession(stage.ctx, { accountId, sessionId, grant, door })).rejects.toMatchObject({
      reason: 'NOT_RUNNING',
    });
  const stranger = connectSession(stage.ctx, { accountId: 'x', sessionId, grant, door: 'files' });
  await expect(stranger).rejects.toMatchObject({ reason: 'NOT_FOUND' });
});

it('MACHINE-33 requests per minute are limited per account, whichever member sends them', async () => {
  const { sessionId, tokenFor } = await running();
  const other = await running();
  const few = new MachineDoors(stage.ctx, 20);
  const door = createServer((request, response) => void few.request(request, response));
  await new Promise<void>((resolve) => door.listen(0, '127.0.0.1', resolve));
  const knock = async (session: string, token: string) => {
    const { port } = door.address() as AddressInfo;
    const headers = { authorization: `Bearer ${token}` };
    return (await fetch(`http://127.0.0.1:${port}/files/${session}/list`, { headers })).status;
  };
  const statuses: number[] = [];
  const tokens = [await tokenFor('files'), await tokenFor('files')];
  for (let i = 0; i < 25; i++) statuses.push(await knock(sessionId, tokens[i % 2] ?? ''));
  expect(statuses).toEqual([...Array(20).fill(200), ...Array(5).fill(429)]);
  expect(await knock(other.sessionId, await other.tokenFor('files'))).toBe(200);
  door.closeAllConnections();
  door.close();
});
