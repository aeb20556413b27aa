import { request as ask, type IncomingMessage } from 'node:http';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { portOriginOf } from '@/server/ports-url';
import { openPort } from '@/server/session/ports/open-port';
import { sharePort } from '@/server/session/ports/share-port';
import { type DoorStage, openDoorStage, runningByKey } from '@/test/door-stage';
import type { Stage } from '@/test/simulation/stage';
import { PortDoors } from './ports';

let gateway: DoorStage;
let stage: Stage;
beforeAll(async () => {
  gateway = await openDoorStage((server, { ctx }) => {
    const ports = new PortDoors(ctx);
    server.on('request', (request, response) => {
      if (!ports.request(request, response)) response.writeHead(404).end();
    });
    server.on('upgrade', (request, socket) => {
      if (!ports.upgrade(request, socket)) socket.destroy();
    });
  });
  stage = gateway.stage;
});
afterAll(() => gateway.close());

async function running() {
  const session = await runningByKey(stage);
  const end = () => stage.ctx.sql`update api_key set revoked_at = hg_clock() where id = ${session.apiKeyId}`;
  return { ...session, end };
}

type Session = Awaited<ReturnType<typeof running>>;
type Order = { method?: string; headers?: Record<string, string>; body?: string };
type Answer = { status: number; headers: IncomingMessage['headers']; body: string };

const PAGE = { accept: 'text/html', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' };
const hostOf = (sessionId: string, port: number) =>
  new URL(portOriginOf(stage.ctx.env.PORTS_URL, sessionId, port)).host;

function visit(host: string, path: string, { method = 'GET', headers, body }: Order = {}): Promise<Answer> {
  const { port } = gateway;
  return new Promise((resolve, reject) => {
    const options = { host: '127.0.0.1', port, path, method, headers: { ...headers, host }, agent: false };
    const sent = ask(options, async (response) => {
      let text = '';
      for await (const chunk of response) text += chunk;
      resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text });
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

/** Opens a port as a browser does, and returns its cookie. */
async function cookieFor({ accountId, sessionId, grant }: Session, port: number): Promise<string> {
  const url = new URL(await openPort(stage.ctx, { accountId, sessionId, port, path: '/', grant }));
  const ticket = new URLSearchParams(url.hash.slice(1)).get('ticket') ?? '';
  const entered = await visit(url.host, url.pathname, { method: 'POST', body: ticket });
  expect(entered.status).toBe(204);
  return String(entered.headers['set-cookie']?.[0]).split(';')[0] ?? '';
}

const replayOf = (answer: Answer) => String(answer.headers['fly-replay']).replace(/state=.*/, 'state');

it('MACHINE-177 a private port leads to sign-in, and opens in the browser of a member', async () => {
  const session = await running();
  const { sessionId, machine, accountId } = session;
  const host = hostOf(sessionId, 3000);
  const away = await visit(host, '/a?b=1', { headers: PAGE });
  expect(away.status).toBe(303);
  const to = new URL(String(away.headers.location));
  expect(`${to.origin}${to.pathname}`).toBe('http://localhost:3000/open-port');
  expect(Object.fromEntries(to.searchParams)).toEqual({ session: sessionId, port: '3000', path: '/a?b=1' });
  expect((await visit(host, '/')).status).toBe(401);
  const cookie = await cookieFor(session, 3000);
  expect(replayOf(await visit(host, '/files/x', { headers: { cookie } }))).toBe(
    `app=hg-dev-${accountId};instance=${machine.id};state`,
  );
});

it('MACHINE-177 a pass opens one port of one session; tickets and passes are not exchangeable', async () => {
  const [session, other] = [await running(), await running()];
  const cookie = await cookieFor(session, 3000);
  const headers = { cookie };
  expect((await visit(hostOf(session.sessionId, 3001), '/', { headers })).status).toBe(401);
  expect((await visit(hostOf(other.sessionId, 3000), '/', { headers })).status).toBe(401);
  const host = hostOf(session.sessionId, 3000);
  expect((await visit(host, '/', { headers: { cookie: `${cookie}x` } })).status).toBe(401);
  const pass = cookie.split('=')[1] ?? '';
  expect((await visit(host, '/.hourglass/enter', { method: 'POST', body: pass })).status).toBe(401);
  const stranger = { ...session, accountId: other.accountId, port: 3000, path: '/' };
  await expect(openPort(stage.ctx, stranger)).rejects.toMatchObject({ reason: 'NOT_FOUND' });
});

it('MACHINE-178 a shared port opens for everybody with its link, until the link is taken back', async () => {
  const { sessionId, accountId } = await running();
  const share = (access: 'link' | 'private', port = 3000) =>
    sharePort(stage.ctx, { accountId, sessionId, port, access });
  const { url, access } = await share('link');
  expect(access).toBe('link');
  expect((await share('link')).url).toBe(url);
  const { host, pathname, search } = new URL(url);
  const arrived = await visit(host, `${pathname}${search}`, { headers: PAGE });
  expect([arrived.status, arrived.headers.location]).toEqual([303, '/']);
  const cookie = String(arrived.headers['set-cookie']?.[0]).split(';')[0] ?? '';
  expect(replayOf(await visit(host, '/', { headers: { cookie } }))).toMatch(/^app=/);
  expect(replayOf(await visit(host, `/hook${search}`, { method: 'POST', body: '{}' }))).toMatch(/^app=/);
  expect((await visit(hostOf(sessionId, 3001), `/${search}`)).status).toBe(401);
  await share('private');
  expect((await visit(host, '/', { headers: { cookie } })).status).toBe(401);
  expect((await visit(host, `/${search}`)).status).toBe(401);
  const again = await share('link');
  expect(again.url).not.toBe(url);
  expect((await visit(host, `/${search}`)).status).toBe(401);
  const { accountId: stranger } = await running();
  await expect(
    sharePort(stage.ctx, { accountId: stranger, sessionId, port: 3000, access: 'private' }),
  ).rejects.toMatchObject({ reason: 'NOT_FOUND' });
});

it('MACHINE-179 a page of another session cannot use the pass of a visitor', async () => {
  const [session, other] = [await running(), await running()];
  const host = hostOf(session.sessionId, 3000);
  const cookie = await cookieFor(session, 3000);
  const from = (origin: string, site: string, more: Record<string, string> = {}) =>
    visit(host, '/', { method: 'POST', headers: { cookie, origin, 'sec-fetch-site': site, ...more } });
  const ofOwn = (port: number) => `http://${hostOf(session.sessionId, port)}`;
  expect((await from(`http://${hostOf(other.sessionId, 3000)}`, 'same-site')).status).toBe(401);
  expect((await from('https://elsewhere.example', 'cross-site')).status).toBe(401);
  expect((await from('null', 'cross-site')).status).toBe(401);
  expect(replayOf(await from(ofOwn(3000), 'same-origin'))).toMatch(/^app=/);
  expect(replayOf(await from(ofOwn(5173), 'same-site'))).toMatch(/^app=/);
  const script = { cookie, 'sec-fetch-site': 'same-site', 'sec-fetch-mode': 'no-cors' };
  expect((await visit(host, '/x.js', { headers: script })).status).toBe(401);
});

it('MACHINE-180 a visit starts nothing: a stopped session says so, and access that ended too', async () => {
  const session = await running();
  const host = hostOf(session.sessionId, 3000);
  const cookie = await cookieFor(session, 3000);
  const machines = stage.provider.all.length;
  await stage.call(session.runId, 1, 'stopped');
  const page = await visit(host, '/', { headers: { ...PAGE, cookie } });
  expect(page.status).toBe(409);
  expect(page.body).toContain('This session is not running.');
  expect(page.body).toContain(`http://localhost:3000/sessions/${session.sessionId}`);
  expect(JSON.parse((await visit(host, '/', { headers: { cookie } })).body).error.reason).toBe('NOT_RUNNING');
  expect(stage.provider.all.length).toBe(machines);
  await session.end();
  expect((await visit(host, '/', { headers: { cookie } })).status).toBe(401);
});

it('MACHINE-177 a pass ends after twelve hours, and a ticket after a minute', async () => {
  const session = await running();
  const { sessionId, accountId, grant } = session;
  const cookie = await cookieFor(session, 3000);
  const url = new URL(await openPort(stage.ctx, { accountId, sessionId, port: 3000, path: '/', grant }));
  const ticket = new URLSearchParams(url.hash.slice(1)).get('ticket') ?? '';
  stage.world.clock.advance(60_001);
  expect((await visit(url.host, url.pathname, { method: 'POST', body: ticket })).status).toBe(401);
  expect(replayOf(await visit(url.host, '/', { headers: { cookie } }))).toMatch(/^app=/);
  stage.world.clock.advance(12 * 3_600_000);
  expect((await visit(url.host, '/', { headers: { cookie } })).status).toBe(401);
});

it('MACHINE-174 a request that is too large to be passed on is refused with a sentence', async () => {
  const session = await running();
  const headers = { cookie: await cookieFor(session, 3000), 'content-length': '1000001' };
  const answer = await visit(hostOf(session.sessionId, 3000), '/', {
    method: 'POST',
    headers,
    body: 'x'.repeat(1_000_001),
  });
  expect(answer.status).toBe(413);
  expect(answer.body).toContain('1 MB at most');
});
