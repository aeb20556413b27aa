import type { BigIntStats } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { Refusal } from '../doors/refusal';
import { openFile, type Tree } from './tree';

/** Returns the etag of a file, which changes with every write. */
export const etagOf = (stat: BigIntStats): string =>
  `"${stat.ino.toString(36)}-${stat.mtimeNs.toString(36)}-${stat.size.toString(36)}"`;

/** One part of a file, in bytes: from `start` up to, not including, `end`. */
export type Part = { start: number; end: number };

export type OpenFile = { handle: FileHandle; size: number; etag: string; modifiedAt: Date };

/** Opens a plain file, which the caller closes. Throws a Refusal. */
export async function openForReading(tree: Tree, parts: Buffer[]): Promise<OpenFile> {
  const handle = await tree.find(parts, 'follow', ({ here }) => openFile(here));
  const stat = await handle.stat({ bigint: true });
  return { handle, size: Number(stat.size), etag: etagOf(stat), modifiedAt: stat.mtime };
}

/**
 * Returns the part a `Range` header asks for; null for the whole file. Only one range is served, and a header that cannot
 * be read is ignored, as HTTP says. Throws 416 when no byte of the range is there.
 */
export function rangeOf(header: string | undefined, size: number): Part | null {
  const match = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header?.trim() ?? '');
  if (!match || (match[1] === '' && match[2] === '')) return null;
  const [, first = '', last = ''] = match;
  const part =
    first === ''
      ? { start: Math.max(0, size - Number(last)), end: size }
      : { start: Number(first), end: last === '' ? size : Math.min(size, Number(last) + 1) };
  if (first !== '' && last !== '' && Number(last) < Number(first)) return null;
  if (part.start >= size || (first === '' && Number(last) === 0))
    throw new Refusal(416, 'INVALID_INPUT', `The file has ${size} bytes; nothing of this range is there.`);
  return part;
}
