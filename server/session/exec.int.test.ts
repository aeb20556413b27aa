import { randomUUID } from 'node:crypto';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Stage } from '@/test/simulation/stage';
import { readConnectToken } from '../run/tokens';
import { execInSession } from './exec';

/** `session.exec` against a gateway with scripted answers; browser tests use the real machine. */

let stage: Stage;
let gateway: Server;
let answer: (response: ServerResponse) => void;
const asked: { url: string; token: string; body: string }[] = [];
beforeAll(async () => {
  stage = await Stage.open({ startAt: Date.parse('2026-11-10T12:00:00Z') });
  gateway = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    asked.push({ url: request.url ?? '', token: request.headers.authorization?.slice(7) ?? '', body });
    answer(response);
  });
  await new Promise<void>((resolve) => gateway.listen(0, '127.0.0.1', resolve));
});
afterAll(async () => {
  gateway.closeAllConnections();
  gateway.close();
  await stage.world.close();
});

async function running() {
  const accountId = await stage.account();
  const started = await stage.started(accountId);
  await stage.pass(100);
  await stage.call(started.runId, 0, 'running');
  const { port } = gateway.address() as AddressInfo;
  const ctx = { ...stage.ctx, env: { ...stage.ctx.env, GATEWAY_URL: `http://127.0.0.1:${port}` } };
  const of = { accountId, sessionId: started.sessionId, grant: `key_${randomUUID()}` as const };
  return {
    ...started,
    run: (command: string | string[], more: object = {}) => execInSession(ctx, { ...of, command, ...more }),
  };
}

const line = (said: object) => `${JSON.stringify(said)}\n`;
const output = (stream: string, text: string | Buffer) =>
  line({ stream, data: Buffer.from(text).toString('base64') });
const answerWith = (...lines: string[]) => {
  answer = (response) => response.end(lines.join(''));
};

it('SESSION-141 a command is sent to its own machine, and what it wrote comes back with its end', async () => {
  const { run, sessionId } = await running();
  const [first, second] = [Buffer.from('é').subarray(0, 1), Buffer.from('é').subarray(1)];
  answerWith(
    output('stdout', first),
    '{}\n',
    output('stderr', 'oops'),
    output('stdout', second),
    line({ exitCode: 3, signal: null, timedOut: false }),
  );
  expect(await run(['a', 'b'], { cwd: 'x', timeoutSeconds: 5 })).toEqual({
    exitCode: 3,
    stdout: 'é',
    stderr: 'oops',
    truncated: false,
    timedOut: false,
  });
  const { url, token, body } = asked.at(-1) ?? { url: '', token: '', body: '{}' };
  expect(url).toBe(`/exec/${sessionId}`);
  expect(JSON.parse(body)).toEqual({ command: ['a', 'b'], cwd: 'x', timeoutSeconds: 5 });
  const { AUTH_SECRET } = stage.ctx.env;
  expect(readConnectToken(AUTH_SECRET, token, stage.ctx.clock.now(), 'exec')).toMatchObject({ sessionId });
  expect(readConnectToken(AUTH_SECRET, token, stage.ctx.clock.now(), 'files')).toBeNull();
  answerWith(line({ exitCode: null, signal: 'SIGKILL', timedOut: true }));
  expect(await run('sleep 400')).toMatchObject({ exitCode: null, timedOut: true });
});

it('SESSION-143 a megabyte of each stream is returned, and what is more is said to be cut', async () => {
  const { run } = await running();
  const piece = output('stdout', 'é'.repeat(30_000));
  answerWith(...Array(30).fill(piece), output('stderr', 'all'), line({ exitCode: 0, timedOut: false }));
  const { stdout, stderr, truncated } = await run('yes');
  expect(Buffer.byteLength(stdout)).toBe(1024 * 1024);
  expect(stdout).toBe('é'.repeat(512 * 1024));
  expect([stderr, truncated]).toEqual(['all', true]);
});

it('SESSION-143 a machine that refuses, is away or is lost meanwhile is told from a command that failed', async () => {
  const { run, runId } = await running();
  const refusedWith = (status: number, body: string) => {
    answer = (response) => response.writeHead(status).end(body);
  };
  refusedWith(429, JSON.stringify({ error: { reason: 'RATE_LIMITED', message: 'Eight run already.' } }));
  await expect(run('x')).rejects.toMatchObject({ reason: 'RATE_LIMITED', message: 'Eight run already.' });
  refusedWith(502, '[PC01] cannot be reached');
  await expect(run('x')).rejects.toMatchObject({ reason: 'PROVIDER_UNAVAILABLE' });
  answer = (response) => response.destroy();
  await expect(run('x')).rejects.toMatchObject({ reason: 'PROVIDER_UNAVAILABLE' });
  answerWith(output('stdout', 'half'));
  await expect(run('x')).rejects.toMatchObject({
    reason: 'PROVIDER_UNAVAILABLE',
    message: expect.stringContaining('Look what it has done'),
  });
  await stage.call(runId, 1, 'stopped');
  const before = asked.length;
  await expect(run('x')).rejects.toMatchObject({ reason: 'NOT_RUNNING' });
  expect(asked).toHaveLength(before);
});
