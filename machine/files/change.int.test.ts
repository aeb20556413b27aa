import { execFileSync, spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { AgentProcess } from '@/test/agent-process';
import { upload } from '@/test/files/upload';

/** Changes of files on the real agent. */

let agent: AgentProcess;
let folder: string;
beforeAll(async () => {
  agent = await AgentProcess.start();
  folder = agent.folder;
}, 60_000);
afterAll(() => agent.stop());

const post = (verb: string, fields: object) =>
  agent.ask('files', `/${verb}`, { method: 'POST', body: JSON.stringify(fields) });
const write = (path: string, body: string, headers: Record<string, string> = {}) =>
  agent.ask('files', `/write?path=${encodeURIComponent(path)}`, { method: 'PUT', body, headers });
const here = (path: string) => join(folder, path);
const uploads = () => readdirSync(here('.home/.hourglass/uploads'));

/** Returns the body of a response; for an error, its status and reason. */
async function said(answer: Promise<Response>): Promise<unknown> {
  const response = await answer;
  const body = (await response.json()) as { error?: { reason: string } };
  return body.error ? `${response.status} ${body.error.reason}` : body;
}

const send = (
  begin: { path: string; sizeBytes: number; id?: string; replace?: boolean },
  content: Buffer,
  loseAt?: number,
) =>
  upload({
    url: `ws://${agent.address('files')}/upload`,
    headers: { 'fly-replay-src': agent.replayed('files') },
    begin: { id: randomBytes(16).toString('hex'), ...begin },
    read: (start, end) => content.subarray(start, end),
    ...(loseAt === undefined ? {} : { loseAt }),
  });

it('MACHINE-135 a file is replaced whole, keeps its mode, and is not lost to a change made meanwhile', async () => {
  expect(await said(write('work/notes/a.txt', 'one'))).toMatchObject({ sizeBytes: 3 });
  execFileSync('chmod', ['755', here('work/notes/a.txt')]);
  const { etag } = (await said(write('work/notes/a.txt', 'two'))) as { etag: string };
  expect(readFileSync(here('work/notes/a.txt'), 'utf8')).toBe('two');
  expect(statSync(here('work/notes/a.txt')).mode & 0o777).toBe(0o755);
  expect(await said(write('work/notes/a.txt', 'new', { 'if-none-match': '*' }))).toBe('409 CONFLICT');
  expect(await said(write('work/notes/b.txt', 'new', { 'if-none-match': '*' }))).toMatchObject({
    sizeBytes: 3,
  });
  writeFileSync(here('work/notes/a.txt'), 'by a program');
  expect(await said(write('work/notes/a.txt', 'three', { 'if-match': etag }))).toBe('412 CHANGED');
  expect(readFileSync(here('work/notes/a.txt'), 'utf8')).toBe('by a program');
  expect(await said(write('work/notes', 'x'))).toBe('409 CONFLICT');
  expect(await said(write('', 'x'))).toBe('400 INVALID_INPUT');
  expect(await said(write('work/large', 'x'.repeat(1_000_001)))).toBe('400 INVALID_INPUT');
  symlinkSync('notes/a.txt', here('work/link'));
  await write('work/link', 'through the link');
  expect(readlinkSync(here('work/link'))).toBe('notes/a.txt');
  expect(readFileSync(here('work/notes/a.txt'), 'utf8')).toBe('through the link');
  symlinkSync('/tmp', here('work/out'));
  expect(await said(write('work/out/x', 'x'))).toBe('403 OUTSIDE');
  expect(uploads()).toEqual([]);
});

it('MACHINE-136 folders are made, things are renamed and moved, and nothing is replaced by it', async () => {
  expect(await said(post('make', { path: 'tree/a/b' }))).toEqual({ made: true });
  expect(await said(post('make', { path: 'tree/a/b' }))).toBe('409 CONFLICT');
  await write('tree/a/x', 'x');
  await write('tree/a/y', 'y');
  expect(await said(post('move', { from: 'tree/a/x', to: 'tree/a/y' }))).toBe('409 CONFLICT');
  expect(await said(post('move', { from: 'tree/a/x', to: 'tree/new/%FFz' }))).toEqual({ moved: true });
  expect(readdirSync(here('tree/new'), { encoding: 'buffer' })).toEqual([Buffer.from([0xff, 0x7a])]);
  expect(await said(post('move', { from: 'tree/a', to: 'tree/a/b/c' }))).toBe('400 INVALID_INPUT');
  symlinkSync('/etc/passwd', here('tree/a/link'));
  expect(await said(post('move', { from: 'tree/a/link', to: 'tree/link' }))).toEqual({ moved: true });
  expect(lstatSync(here('tree/link')).isSymbolicLink()).toBe(true);
  expect(await said(post('move', { from: 'none', to: 'some' }))).toBe('404 NOT_FOUND');
  for (const from of ['', '.home', '.home/.hourglass'])
    expect(await said(post('move', { from, to: 'elsewhere' })), from).toBe('400 INVALID_INPUT');
});

it('MACHINE-137 what is deleted is taken back, until it is deleted for good', async () => {
  await write('bin/keep/one.txt', '1');
  symlinkSync('/etc', here('bin/etc'));
  const { trashId } = (await said(post('remove', { path: 'bin/keep' }))) as { trashId: string };
  expect(existsSync(here('bin/keep'))).toBe(false);
  await write('bin/keep', 'in the way');
  expect(await said(post('restore', { trashId, path: 'bin/keep' }))).toBe('409 CONFLICT');
  expect(await said(post('restore', { trashId, path: 'bin/back' }))).toEqual({ restored: true });
  expect(readFileSync(here('bin/back/one.txt'), 'utf8')).toBe('1');
  expect(await said(post('restore', { trashId, path: 'bin/again' }))).toBe('404 NOT_FOUND');
  await post('remove', { path: 'bin/etc' });
  expect(existsSync('/etc/passwd')).toBe(true);
  const { trashId: gone } = (await said(post('remove', { path: 'bin/back' }))) as { trashId: string };
  expect(await said(post('empty', {}))).toEqual({ emptied: true });
  expect(readdirSync(here('.home/.hourglass/trash'))).toEqual([]);
  expect(await said(post('restore', { trashId: gone, path: 'bin/back' }))).toBe('404 NOT_FOUND');
  for (const path of ['', '.home', '.home/.hourglass/trash'])
    expect(await said(post('remove', { path })), path).toBe('400 INVALID_INPUT');
  expect(await said(post('restore', { trashId: '../..', path: 'x' }))).toBe('404 NOT_FOUND');
});

it('MACHINE-138 a folder comes as an archive: links as links, any names, no devices read', async () => {
  await write('pack/a/one', '1');
  await write('pack/-x', 'dash');
  await write('pack/%FF', 'bytes');
  symlinkSync('/etc/passwd', here('pack/link'));
  execFileSync('mkfifo', [here('pack/pipe')]);
  const response = await agent.ask('files', '/archive?path=pack');
  expect(response.headers.get('content-disposition')).toContain('filename="pack.tar.gz"');
  const archive = Buffer.from(await response.arrayBuffer());
  const listed = execFileSync('tar', ['-tvzf', '-'], { input: archive, encoding: 'latin1' });
  const kinds = listed
    .trim()
    .split('\n')
    .map((line) => `${line[0]} ${line.split(' ').slice(5).join(' ')}`);
  expect(kinds.join('\n')).toMatch(/l .*pack\/link -> \/etc\/passwd/);
  expect(kinds.filter((kind) => kind.startsWith('-'))).toHaveLength(3);
  expect(kinds.filter((kind) => kind.startsWith('p'))).toHaveLength(1);
  const whole = await agent.ask('files', '/archive?path=');
  const names = execFileSync('tar', ['-tzf', '-'], {
    input: Buffer.from(await whole.arrayBuffer()),
    encoding: 'latin1',
  });
  expect(names).toContain('./pack/a/one');
  expect(names).not.toContain('.hourglass');
  expect(await said(agent.ask('files', '/archive?path=none'))).toBe('404 NOT_FOUND');
});

it('MACHINE-139 a file is uploaded in pieces, goes on after a lost line, and is there whole or not at all', async () => {
  const content = randomBytes(9_000_000);
  const id = randomBytes(16).toString('hex');
  const begin = { path: 'up/deep/movie.bin', sizeBytes: content.length, id };
  expect(await send(begin, content, 3_000_000)).toMatchObject({ type: 'lost', from: 0 });
  expect(existsSync(here('up/deep/movie.bin'))).toBe(false);
  expect(uploads()).toEqual([`${id}.part`]);
  const second = await send(begin, content);
  expect(second).toMatchObject({ type: 'done' });
  expect(second.from).toBeGreaterThanOrEqual(3_000_000);
  const hash = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');
  expect(hash(readFileSync(here('up/deep/movie.bin')))).toBe(hash(content));
  expect(uploads()).toEqual([]);
  expect(await send({ path: 'up/deep/movie.bin', sizeBytes: 1 }, Buffer.from('x'))).toMatchObject({
    type: 'error',
    reason: 'CONFLICT',
  });
  expect(
    await send({ path: 'up/deep/movie.bin', sizeBytes: 1, replace: true }, Buffer.from('x')),
  ).toMatchObject({
    type: 'done',
  });
  expect(await send({ path: 'up/empty', sizeBytes: 0 }, Buffer.alloc(0))).toMatchObject({ type: 'done' });
  expect(statSync(here('up/empty')).size).toBe(0);
});

it('MACHINE-139 an upload that cannot be is refused with a reason, before its bytes are sent', async () => {
  const one = Buffer.from('x');
  const refused = async (begin: Parameters<typeof send>[0]) => {
    const { type, reason, sent } = await send(begin, one);
    return [type, reason, sent];
  };
  expect(await refused({ path: 'x', sizeBytes: 2 ** 50 })).toEqual(['error', 'DISK_FULL', 0]);
  expect(await refused({ path: '../x', sizeBytes: 1 })).toEqual(['error', 'INVALID_INPUT', 0]);
  expect(await refused({ path: 'x', sizeBytes: 1, id: '../../etc' })).toEqual(['error', 'INVALID_INPUT', 0]);
  expect(await refused({ path: 'x', sizeBytes: -1 })).toEqual(['error', 'INVALID_INPUT', 0]);
  expect(uploads()).toEqual([]);
});

it('MACHINE-139 two lines for one upload: the newest goes on behind what the other wrote', async () => {
  const content = randomBytes(30_000_000);
  const begin = { path: 'twice', sizeBytes: content.length, id: randomBytes(16).toString('hex') };
  const [first, second] = await Promise.all([send(begin, content, 25_000_000), send(begin, content)]);
  expect([first.type, second.type].sort()).toEqual(['done', 'lost']);
  expect(readFileSync(here('twice')).equals(content)).toBe(true);
});

it('MACHINE-141 uploads nobody goes on with are swept away', async () => {
  const stale = here(`.home/.hourglass/uploads/${'0'.repeat(32)}.part`);
  writeFileSync(stale, 'x');
  utimesSync(stale, new Date(0), new Date(0));
  const fresh = here(`.home/.hourglass/uploads/${'1'.repeat(32)}.part`);
  writeFileSync(fresh, 'x');
  await post('empty', {});
  expect([existsSync(stale), existsSync(fresh)]).toEqual([false, true]);
  rmSync(fresh);
});

/** Swaps a folder with a link that leads outside, in a tight loop. */
const RACER = `
const fs = require('node:fs');
const [folder, outside] = process.argv.slice(1);
for (;;) {
  try { fs.renameSync(folder + '/d', folder + '/kept'); fs.symlinkSync(outside, folder + '/d'); } catch {}
  try { fs.unlinkSync(folder + '/d'); fs.renameSync(folder + '/kept', folder + '/d'); } catch {}
}`;

it('MACHINE-131 nothing outside is read or written while a program swaps folders and links', {
  timeout: 60_000,
}, async () => {
  const outside = mkdtempSync(join(tmpdir(), 'hourglass-outside-'));
  writeFileSync(join(outside, 'file'), 'secret');
  mkdirSync(here('race/d/sub'), { recursive: true });
  writeFileSync(here('race/d/file'), 'ours');
  const racer = spawn(process.execPath, ['-e', RACER, here('race'), outside], { stdio: 'ignore' });
  const texts = new Set<string>();
  const until = Date.now() + 4_000;
  for (let i = 0; Date.now() < until; i++) {
    const read = await agent.ask('files', '/read?path=race/d/file');
    if (read.ok) texts.add(await read.text());
    await write(`race/d/w${i % 5}`, 'written');
    await post('make', { path: `race/d/m${i}` });
    await post('remove', { path: `race/d/w${i % 5}` });
    await post('list', { path: 'race/d' });
    await send({ path: `race/d/u${i % 5}`, sizeBytes: 4, replace: true }, Buffer.from('sent'));
    const archive = await agent.ask('files', '/archive?path=race');
    const packed = Buffer.from(await archive.arrayBuffer().catch(() => new ArrayBuffer(0)));
    const out =
      packed.length > 0 ? execFileSync('tar', ['-xzOf', '-'], { input: packed, encoding: 'latin1' }) : '';
    expect(out).not.toContain('secret');
  }
  racer.kill('SIGKILL');
  expect([...texts]).toEqual(['ours']);
  expect(readdirSync(outside)).toEqual(['file']);
  expect(readFileSync(join(outside, 'file'), 'utf8')).toBe('secret');
  rmSync(outside, { recursive: true });
});

it('MACHINE-147 a download and an upload end when their access has ended', { timeout: 30_000 }, async () => {
  execFileSync('truncate', ['-s', '500M', here('endless')]);
  const response = await agent.ask('files', '/read?path=endless', {}, 'key_gone');
  const from = performance.now();
  const line = upload({
    url: `ws://${agent.address('files')}/upload`,
    headers: { 'fly-replay-src': agent.replayed('files', 'key_gone') },
    begin: { path: 'slow', sizeBytes: 10_000_000, id: randomBytes(16).toString('hex') },
    read: (start) => Buffer.alloc(start === 0 ? 1_000 : 0),
  });
  agent.ended.add('key_gone');
  const reader = response.body?.getReader();
  await expect(
    (async () => {
      for (;;) {
        await new Promise((resolve) => setTimeout(resolve, 100));
        if ((await reader?.read())?.done) return 'whole';
      }
    })(),
  ).rejects.toThrow();
  expect((await line.catch(() => ({ type: 'lost' }))).type).toBe('lost');
  expect(performance.now() - from).toBeLessThan(10_000);
});
