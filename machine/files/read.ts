import type { BigIntStats } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { Refusal } from '../doors/refusal';
import { openFile, type Tree } from './tree';

/** The mark of a file's content: changes with every write. */
export const etagOf = (stat: BigIntStats): string =>
  `"${stat.ino.toString(36)}-${stat.mtimeNs.toString(36)}-${stat.size.toString(36)}"`;

/** One part of a file: from its first byte up to, not including, `end`. */
export type Part = { start: number; end: number };

export type OpenFile = { handle: FileHandle; size: number; etag: string; modifiedAt: Date };

/** Opens a plain file; who asks closes it. Throws a Refusal. */
export async function openForReading(tree: Tree, parts: Buffer[]): Promise<OpenFile> {
  const handle = await tree.find(parts, 'follow', ({ here }) => openFile(here));
  const stat = await handle.stat({ bigint: true });
  return { handle, size: Number(stat.size), etag: etagOf(stat), modifiedAt: stat.mtime };
}

/**
 * The part a `Range` header asks for; null for the whole. Only one range is given, and what cannot be read is ignored, as
 * HTTP says. Throws 416 when nothing of it is there.
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
