import { pipeline } from 'node:stream/promises';
import type { Call, Door } from '../doors/doors';
import { fieldsOf, optionalText, textOf } from '../doors/fields';
import { missing, Refusal } from '../doors/refusal';
import { listFolder } from './list';
import { partsOf } from './path';
import { openForReading, rangeOf } from './read';
import type { Tree } from './tree';

/** A reader that takes nothing for so long is left. */
const STALLED_MS = 120_000;

/** The files of the workspace over HTTP. */
export class FilesDoor implements Door {
  constructor(private readonly tree: Tree) {}

  async serve(call: Call): Promise<void> {
    const { tree } = this;
    switch (call.verb) {
      case 'list': {
        const fields = await fieldsOf(call.request, call.query);
        const parts = partsOf(textOf(fields, 'path'));
        return json(call, await listFolder(tree, parts, optionalText(fields, 'cursor')));
      }
      case 'read':
        return readFile(tree, call);
      default:
        throw missing('There is nothing here.');
    }
  }
}

function json({ response }: Call, answer: unknown): void {
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
}

/** A file, or one part of it, as a download: what is in a workspace is never shown as a page of ours. */
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

/** A name to save under, in both spellings of the header. */
export function saveAs(name: Buffer): string {
  const text = name.toString('utf8').replace(/[\p{Cc}/\\]/gu, '_');
  const plain = text.replace(/[^\w. ()-]/g, '_');
  const encoded = encodeURIComponent(text).replace(
    /['()*]/g,
    (letter) => `%${letter.charCodeAt(0).toString(16)}`,
  );
  return `attachment; filename="${plain}"; filename*=UTF-8''${encoded}`;
}
