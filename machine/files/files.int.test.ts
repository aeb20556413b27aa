import { execFileSync } from 'node:child_process';
import { linkSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { AgentProcess } from '@/test/agent-process';

/** Files of the real agent over HTTP, with requests as the gateway sends them. */

let agent: AgentProcess;
let folder: string;
beforeAll(async () => {
  agent = await AgentProcess.start();
  folder = agent.folder;
}, 60_000);
afterAll(() => agent.stop());

type Entry = { name: string; path: string; kind: string; leadsTo?: string | null; sizeBytes: number };
type Page = { items: Entry[]; nextCursor: string | null };

async function list(path: string, cursor?: string): Promise<Page> {
  const response = await post('list', { path, cursor });
  expect(response.status).toBe(200);
  return (await response.json()) as Page;
}

const post = (verb: string, fields: object) =>
  agent.ask('files', `/${verb}`, { method: 'POST', body: JSON.stringify(fields) });

async function reasonOf(response: Response): Promise<string> {
  const { error } = (await response.json()) as { error: { reason: string } };
  return `${response.status} ${error.reason}`;
}

it('MACHINE-130 a folder is listed, folders first, and a file is read whole and in parts', async () => {
  mkdirSync(join(folder, 'shop/src'), { recursive: true });
  writeFileSync(join(folder, 'shop/a b.txt'), '0123456789');
  writeFileSync(join(folder, 'shop/empty'), '');
  expect((await list('shop')).items).toMatchObject([
    { name: 'src', path: 'shop/src', kind: 'folder' },
    { name: 'a b.txt', path: 'shop/a%20b.txt', kind: 'file', sizeBytes: 10 },
    { name: 'empty', kind: 'file', sizeBytes: 0 },
  ]);
  const read = (headers: Record<string, string> = {}, path = 'shop/a%20b.txt') =>
    agent.ask('files', `/read?path=${encodeURIComponent(path)}`, { headers });
  const whole = await read();
  expect(whole.headers.get('content-disposition')).toContain('attachment; filename="a b.txt"');
  expect(await whole.text()).toBe('0123456789');
  const part = await read({ range: 'bytes=2-4' });
  expect([part.status, part.headers.get('content-range'), await part.text()]).toEqual([
    206,
    'bytes 2-4/10',
    '234',
  ]);
  expect(await (await read({ range: 'bytes=-3' })).text()).toBe('789');
  expect(await (await read({ range: 'bytes=7-' })).text()).toBe('789');
  expect((await read({ range: 'bytes=10-' })).status).toBe(416);
  const etag = whole.headers.get('etag') ?? '';
  expect((await read({ range: 'bytes=0-1', 'if-range': etag })).status).toBe(206);
  expect((await read({ range: 'bytes=0-1', 'if-range': '"other"' })).status).toBe(200);
  expect(await (await read({}, 'shop/empty')).text()).toBe('');
  expect(await reasonOf(await read({}, 'shop/none'))).toBe('404 NOT_FOUND');
  expect(await reasonOf(await read({}, 'shop'))).toBe('400 INVALID_INPUT');
});

it('MACHINE-131 paths and links do not lead out of the workspace', async () => {
  const secret = join(folder, '..', 'secret-of-another');
  writeFileSync(secret, 'secret');
  mkdirSync(join(folder, 'links/in'), { recursive: true });
  writeFileSync(join(folder, 'links/in/file'), 'inside');
  symlinkSync('/etc', join(folder, 'links/etc'));
  symlinkSync('../../secret-of-another', join(folder, 'links/up'));
  symlinkSync('in/../../../../secret-of-another', join(folder, 'links/winding'));
  symlinkSync('loop', join(folder, 'links/loop'));
  symlinkSync('in', join(folder, 'links/inside'));
  symlinkSync(join(folder, 'links/in/file'), join(folder, 'links/whole'));
  symlinkSync(`${folder}-not-this`, join(folder, 'links/beside'));
  const read = async (path: string) => {
    const response = await agent.ask('files', `/read?path=${encodeURIComponent(path)}`);
    return response.ok ? response.text() : reasonOf(response);
  };
  for (const path of ['links/etc/passwd', 'links/up', 'links/winding', 'links/beside'])
    expect(await read(path), path).toBe('403 OUTSIDE');
  expect(await read('links/loop')).toBe('400 INVALID_INPUT');
  expect(await read('links/inside/file')).toBe('inside');
  expect(await read('links/whole')).toBe('inside');
  for (const path of ['../secret-of-another', 'links/../..', '%2E%2E/secret-of-another', 'a//b', './a'])
    expect(await read(path), path).toBe('400 INVALID_INPUT');
  for (const path of ['links/..%2F..%2Fsecret', 'a%00b', '%', '%zz', 'x'.repeat(256)])
    expect(await read(path), path).toBe('400 INVALID_INPUT');
  const { items } = await list('links');
  expect(items.map(({ name, kind, leadsTo }) => [name, kind, leadsTo])).toEqual([
    ['in', 'folder', undefined],
    ['beside', 'link', null],
    ['etc', 'link', null],
    ['inside', 'link', 'folder'],
    ['loop', 'link', null],
    ['up', 'link', null],
    ['whole', 'link', 'file'],
    ['winding', 'link', null],
  ]);
});

it('MACHINE-132 devices, pipes and sockets are listed and never opened', async () => {
  mkdirSync(join(folder, 'odd'));
  execFileSync('mkfifo', [join(folder, 'odd/pipe')]);
  const isRoot = process.getuid?.() === 0;
  if (isRoot) execFileSync('mknod', [join(folder, 'odd/zero'), 'c', '1', '5']);
  for (const { path, kind } of (await list('odd')).items) {
    expect(kind).toBe('other');
    expect(await reasonOf(await agent.ask('files', `/read?path=${path}`)), path).toBe('400 INVALID_INPUT');
  }
  expect((await list('odd')).items).toHaveLength(isRoot ? 2 : 1);
});

it('MACHINE-133 names of any bytes are listed and read', async () => {
  mkdirSync(join(folder, 'names'));
  const names = [
    Buffer.from([0xff, 0xfe, 0x20]),
    Buffer.from('línea\nnueva'),
    Buffer.from('%2e'),
    Buffer.from('-rf'),
  ];
  for (const name of names)
    writeFileSync(Buffer.concat([Buffer.from(`${folder}/names/`), name]), name.toString('hex'));
  const { items } = await list('names');
  expect(items.map(({ path }) => path)).toEqual([
    'names/%252e',
    'names/-rf',
    'names/l%C3%ADnea%0Anueva',
    'names/%FF%FE%20',
  ]);
  expect(items.map(({ name }) => name)).toEqual(['%2e', '-rf', 'línea\uFFFDnueva', '\uFFFD\uFFFD ']);
  const texts = [];
  for (const { path } of items)
    texts.push(await (await agent.ask('files', `/read?path=${encodeURIComponent(path)}`)).text());
  expect(texts.sort()).toEqual(names.map((name) => name.toString('hex')).sort());
});

it('MACHINE-134 a folder of thousands comes in pages, each name once', async () => {
  mkdirSync(join(folder, 'many'));
  for (let i = 0; i < 1_203; i++) linkSync(join(folder, 'shop/empty'), join(folder, `many/${i}`));
  mkdirSync(join(folder, 'many/folder'));
  const names: string[] = [];
  for (let cursor: string | null | undefined; cursor !== null; ) {
    const page: Page = await list('many', cursor);
    names.push(...page.items.map(({ name }) => name));
    cursor = page.nextCursor;
  }
  expect(names[0]).toBe('folder');
  expect(new Set(names).size).toBe(1_204);
  expect(names).toHaveLength(1_204);
  expect(await reasonOf(await post('list', { path: 'many', cursor: 'nonsense!' }))).toBe('400 INVALID_INPUT');
});

it('MACHINE-145 a door opens for what the gateway sent to it, to this run and session, and to nobody else', async () => {
  const knock = async (state: string, address = agent.address('files')) =>
    (await fetch(`http://${address}/list?path=`, { headers: { 'fly-replay-src': state } })).status;
  expect(await knock(agent.replayed('files'))).toBe(200);
  expect(await knock(agent.replayed('terminal'))).toBe(401);
  expect(await knock(agent.replayed('exec'))).toBe(401);
  expect(await knock(agent.replayed('files', 'key_1', 'hgr_of_another_run'))).toBe(401);
  expect(await knock(agent.replayed('files', 'key_1', undefined, Date.now() - 600_000))).toBe(401);
  expect(await knock(agent.replayed('files'), agent.address('files', 'another'))).toBe(401);
  expect(await knock('')).toBe(401);
});
