import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import WebSocket, { WebSocketServer } from 'ws';
import type { StartedPart } from '../http';
import { LocalFly } from '../testing/local-fly';
import { startProxy } from './server';

const services = [
  {
    internal_port: 8080,
    protocol: 'tcp',
    autostart: false,
    ports: [{ port: 443, handlers: ['tls', 'http'] }],
  },
];

describe('local Fly proxy', () => {
  let local: LocalFly;
  let proxy: StartedPart;
  let gateway: Server;
  let machine: string;
  let reply: (req: IncomingMessage, res: ServerResponse) => void;
  let gatewaySawSockets = 0;

  beforeAll(async () => {
    local = await LocalFly.start({ machineCommand: 'node cloud/testing/echo-machine.mjs' });
    gateway = createServer((req, res) => reply(req, res));
    gateway.on('connection', () => {
      gatewaySawSockets += 1;
    });
    await new Promise<void>((done) => gateway.listen(0, '127.0.0.1', done));
    const { port } = gateway.address() as AddressInfo;
    proxy = await startProxy({ port: 0, gatewayUrl: `http://127.0.0.1:${port}`, fly: local.fly });
    machine = await local.run('echo', { services });
  });
  afterEach(() => gateway.removeAllListeners('upgrade'));
  afterAll(async () => {
    await proxy.close();
    gateway.closeAllConnections();
    gateway.close();
    await local.close();
  });

  const url = (path = '/') => `http://127.0.0.1:${proxy.port}${path}`;
  const replayTo = (header: string) => {
    reply = (_req, res) => res.writeHead(200, { 'fly-replay': header }).end('not for the client');
  };

  it('passes an ordinary answer through and adds the client to the request headers', async () => {
    reply = (req, res) => res.writeHead(201, { 'x-from': 'gateway' }).end(JSON.stringify(req.headers));
    const response = await fetch(url('/plain'), {
      headers: { 'fly-client-ip': '9.9.9.9', 'fly-replay-src': 'state=forged' },
    });
    expect([response.status, response.headers.get('x-from')]).toEqual([201, 'gateway']);
    const headers = (await response.json()) as Record<string, string>;
    expect(headers).toMatchObject({ 'fly-client-ip': '127.0.0.1', 'x-forwarded-proto': 'http' });
    expect(headers['fly-replay-src']).toBeUndefined();
  });

  it('replays a request with its body to the machine, with the state and the time in microseconds', async () => {
    replayTo(`app=a;instance=${machine};state=v1.abc.def`);
    const body = 'x'.repeat(500_000);
    const response = await fetch(url('/some/path?q=1'), { method: 'POST', body });
    const seen = (await response.json()) as {
      me: string;
      url: string;
      headers: Record<string, string>;
      length: number;
    };
    expect(seen).toMatchObject({ me: machine, url: '/some/path?q=1', method: 'POST', length: 500_000 });
    const source = seen.headers['fly-replay-src'] ?? '';
    expect(source).toMatch(/^instance=gateway;region=iad;t=\d{16};state=v1\.abc\.def$/);
  });

  it('understands quoted lists and the JSON form', async () => {
    replayTo(`region="fra,iad"; app=a ; state="a;b"`);
    const quoted = (await (await fetch(url())).json()) as { headers: Record<string, string> };
    expect(quoted.headers['fly-replay-src']).toMatch(/;state=a;b$/);
    reply = (_req, res) => {
      res.writeHead(307, { 'content-type': 'application/vnd.fly.replay+json' });
      const transform = { path: '/changed', set_headers: [{ name: 'X-Set', value: 'yes' }] };
      res.end(JSON.stringify({ app: 'a', instance: machine, state: 's', transform }));
    };
    const json = (await (await fetch(url())).json()) as { url: string; headers: Record<string, string> };
    expect([json.url, json.headers['x-set']]).toEqual(['/changed', 'yes']);
  });

  it('opens a WebSocket at the machine after a plain answer of the gateway, which is then out of the path', async () => {
    replayTo(`app=a;instance=${machine};state=s1`);
    const before = gatewaySawSockets;
    const socket = new WebSocket(`ws://127.0.0.1:${proxy.port}/terminal/s?tab=1`, {
      headers: { 'fly-replay-src': 'state=forged' },
    });
    const messages: Array<string | Buffer> = [];
    socket.on('message', (data, binary) => messages.push(binary ? (data as Buffer) : data.toString()));
    const next = (count: number) =>
      new Promise<void>((done) => {
        const look = () => messages.length >= count && done();
        socket.on('message', look);
        look();
      });
    await next(1);
    const hello = JSON.parse(messages[0] as string) as {
      me: string;
      url: string;
      headers: Record<string, string>;
    };
    expect(hello).toMatchObject({ me: machine, url: '/terminal/s?tab=1' });
    expect(hello.headers['fly-replay-src']).toMatch(/;state=s1$/);
    gateway.closeAllConnections();
    socket.send('ping');
    socket.send(Buffer.alloc(300_000, 7));
    await next(3);
    expect(messages[1]).toBe('ping');
    expect((messages[2] as Buffer).length).toBe(300_000);
    expect(gatewaySawSockets).toBe(before + 1);
    socket.close();
  });

  it('lets the gateway keep an upgrade it accepts itself', async () => {
    const own = new WebSocketServer({ noServer: true });
    gateway.on('upgrade', (req, socket, head) =>
      own.handleUpgrade(req, socket, head, (accepted) => accepted.close(4503, 'The session is stopped.')),
    );
    const socket = new WebSocket(`ws://127.0.0.1:${proxy.port}/terminal/s`);
    const [code, reason] = await new Promise<[number, string]>((done) => {
      socket.on('close', (closeCode, text) => done([closeCode, text.toString()]));
    });
    expect([code, reason]).toEqual([4503, 'The session is stopped.']);
  });

  it('ends the WebSocket when its machine dies', async () => {
    const id = await local.run('mortal', { services });
    replayTo(`app=a;instance=${id}`);
    const socket = new WebSocket(`ws://127.0.0.1:${proxy.port}/`);
    await new Promise((done) => socket.once('message', done));
    const closed = new Promise<number>((done) => socket.once('close', done));
    await local.call('DELETE', `apps/a/machines/${id}?force=true`);
    expect(await closed).toBe(1006);
  });

  it('refuses the replays that Fly refuses', async () => {
    const answer = async (header: string, init?: RequestInit) => {
      replayTo(header);
      const response = await fetch(url(), init);
      return `${response.status} ${(await response.text()).slice(0, 6)}`;
    };
    expect(await answer('app=nobody')).toBe('502 [PA04]');
    expect(await answer('app=a;instance=00000000000000')).toBe('502 [PR02]');
    expect(await answer(`instance=${machine}`)).toBe('502 [PA04]');
    const long = { method: 'POST', body: 'x'.repeat(1_200_000) };
    expect(await answer(`app=a;instance=${machine}`, long)).toBe('502 [PA01]');
    const bare = await local.run('bare');
    expect(await answer(`app=a;instance=${bare}`)).toBe('503 [PR04]');
    replayTo(`app=a;instance=${machine}`);
    const loop = await fetch(url(`/?replay=${encodeURIComponent(`instance=${machine}`)}`));
    expect(`${loop.status} ${(await loop.text()).slice(0, 6)}`).toBe('502 [PA02]');
  });

  it('never wakes a stopped machine without autostart, and wakes one with it', async () => {
    const asleep = await local.run('asleep', { services, auto_destroy: false });
    const waking = await local.run('waking', {
      services: [{ ...services[0], autostart: true }],
      auto_destroy: false,
    });
    for (const id of [asleep, waking]) {
      await local.call('POST', `apps/a/machines/${id}/stop`);
      await local.wait(id, 'stopped');
    }
    replayTo(`app=a;instance=${asleep}`);
    expect((await fetch(url())).status).toBe(503);
    expect((await local.get(asleep)).body.state).toBe('stopped');
    replayTo(`app=a;instance=${waking}`);
    expect((await fetch(url())).headers.get('x-machine')).toBe(waking);
  });

  it('answers a refused upgrade as plain HTTP', async () => {
    replayTo('app=nobody');
    const headers = {
      connection: 'Upgrade',
      upgrade: 'websocket',
      'sec-websocket-version': '13',
      'sec-websocket-key': 'AAAAAAAAAAAAAAAAAAAAAA==',
    };
    const status = await new Promise((done, fail) => {
      request({ host: '127.0.0.1', port: proxy.port, headers }, (res) => done(res.resume().statusCode))
        .on('error', fail)
        .end();
    });
    expect(status).toBe(502);
  });
});
