import type { ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import type { Call, Door, Raise } from '../doors/doors';
import { bodyOf, fieldsOf, optionalText, textOf } from '../doors/fields';
import { missing, Refusal } from '../doors/refusal';
import { nowAndThen, type TellWork, whileMoving } from '../doors/tell-work';
import { sendArchive } from './archive';
import { makeFolder, moveEntry, removeEntry, restoreEntry, sweepOwnFolders } from './change';
import { listFolder } from './list';
import { partsOf } from './path';
import { openForReading, rangeOf } from './read';
import { saveFile } from './save';
import type { Tree } from './tree';
import { UploadLines } from './upload-lines';

/** A response whose reader takes nothing for this long is closed. */
const STALLED_MS = 120_000;

/** A larger body does not come through the gateway; larger files are uploaded. */
const MOST_SAVED_BYTES = 1_000_000;
const SWEEP_MS = 3_600_000;
const KEEP = { trashMs: 7 * 86_400_000, uploadMs: 86_400_000 };

type Verb = (tree: Tree, fields: Record<string, unknown>) => Promise<object>;

const pathIn = (fields: Record<string, unknown>, name = 'path') => partsOf(textOf(fields, name));

/** Verbs that take fields and return JSON. */
const VERBS: Record<string, Verb> = {
  list: (tree, fields) => listFolder(tree, pathIn(fields), optionalText(fields, 'cursor')),
  make: (tree, fields) => makeFolder(tree, pathIn(fields)).then(() => ({ made: true })),
  move: (tree, fields) =>
    moveEntry(tree, pathIn(fields, 'from'), pathIn(fields, 'to')).then(() => ({ moved: true })),
  remove: async (tree, fields) => ({ trashId: await removeEntry(tree, pathIn(fields), Date.now()) }),
  restore: (tree, fields) =>
    restoreEntry(tree, textOf(fields, 'trashId'), pathIn(fields)).then(() => ({ restored: true })),
  empty: (tree) => sweepOwnFolders(tree, Date.now(), { ...KEEP, trashMs: 0 }).then(() => ({ emptied: true })),
};

/** Serves the files of the workspace over HTTP, and uploads over WebSockets. */
export class FilesDoor implements Door {
  private readonly uploads: UploadLines;
  private readonly worked: () => void;

  /** Reports long transfers and every change as work. */
  constructor(
    private readonly tree: Tree,
    onWork: TellWork,
  ) {
    this.worked = nowAndThen(onWork);
    this.uploads = new UploadLines(tree, this.worked);
    this.sweep();
    setInterval(() => this.sweep(), SWEEP_MS).unref();
  }

  async serve(call: Call): Promise<void> {
    const { request, response, query, verb } = call;
    if (verb === 'read' || verb === 'archive') {
      const rest = whileMoving(() => response.socket?.bytesWritten ?? 0, this.worked);
      return (verb === 'read' ? readFile : archive)(this.tree, call).finally(rest);
    }
    if (verb !== 'list') this.worked();
    if (verb === 'write') return answer(response, await writeFile(this.tree, call));
    const run = Object.hasOwn(VERBS, verb) ? VERBS[verb] : undefined;
    if (!run) throw missing('There is nothing here.');
    if (request.method !== 'POST' && verb !== 'list')
      throw new Refusal(405, 'INVALID_INPUT', 'This is asked with POST.');
    answer(response, await run(this.tree, await fieldsOf(request, query)));
  }

  raise(raise: Raise): void {
    if (raise.verb !== 'upload') throw missing('There is nothing here.');
    this.uploads.raise(raise);
  }

  /** Without a home folder there is nothing to sweep. */
  private sweep(): void {
    void sweepOwnFolders(this.tree, Date.now(), KEEP).catch(() => {});
  }
}

function answer(response: ServerResponse, said: object): void {
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(said));
}

async function writeFile(tree: Tree, { request, query }: Call): Promise<object> {
  if (request.method !== 'PUT') throw new Refusal(405, 'INVALID_INPUT', 'A file is written with PUT.');
  const parts = partsOf(textOf(Object.fromEntries(query), 'path'));
  const condition = {
    ifMatch: request.headers['if-match'] ?? null,
    isNew: request.headers['if-none-match'] === '*',
  };
  return saveFile(tree, parts, await bodyOf(request, MOST_SAVED_BYTES), condition);
}

async function archive(tree: Tree, { request, response, query, signal }: Call): Promise<void> {
  if (!['GET', 'POST'].includes(request.method ?? ''))
    throw new Refusal(405, 'INVALID_INPUT', 'An archive is read with GET.');
  const parts = pathIn(await fieldsOf(request, query));
  const name = Buffer.concat([parts.at(-1) ?? Buffer.from('workspace'), Buffer.from('.tar.gz')]);
  const headers = { 'content-type': 'application/gzip', 'content-disposition': saveAs(name) };
  await sendArchive(tree, parts, response, headers, signal);
}

/** Sends a file or one part of it as a download: files of a workspace are never shown as a page of ours. */
async function readFile(tree: Tree, call: Call): Promise<void> {
  const { request, response, signal } = call;
  if (!['GET', 'HEAD', 'POST'].includes(request.method ?? ''))
    throw new Refusal(405, 'INVALID_INPUT', 'A file is read with GET.');
  const parts = partsOf(textOf(await fieldsOf(request, call.query), 'path'));
  const file = await openForReading(tree, parts);
  try {
    const isStale = 'if-range' in request.headers && request.headers['if-range'] !== file.etag;
    const range = isStale ? null : rangeOf(request.headers.range, file.size);
    const { start, end } = range ?? { start: 0, end: file.size };
    response.writeHead(range ? 206 : 200, {
      'content-type': 'application/octet-stream',
      'content-length': String(end - start),
      'content-disposition': saveAs(parts.at(-1) ?? Buffer.from('file')),
      'accept-ranges': 'bytes',
      etag: file.etag,
      'last-modified': file.modifiedAt.toUTCString(),
      ...(range ? { 'content-range': `bytes ${start}-${end - 1}/${file.size}` } : {}),
    });
    if (request.method === 'HEAD' || start === end) return void response.end();
    response.setTimeout(STALLED_MS, () => response.destroy());
    const bytes = file.handle.createReadStream({ start, end: end - 1, autoClose: false });
    await pipeline(bytes, response, { signal });
  } finally {
    await file.handle.close();
  }
}

/** Returns the header for a name to save under, in both of its spellings. */
function saveAs(name: Buffer): string {
  const text = name.toString('utf8').replace(/[\p{Cc}/\\]/gu, '_');
  const plain = text.replace(/[^\w. ()-]/g, '_');
  const encoded = encodeURIComponent(text).replace(
    /['()*]/g,
    (letter) => `%${letter.charCodeAt(0).toString(16)}`,
  );
  return `attachment; filename="${plain}"; filename*=UTF-8''${encoded}`;
}
