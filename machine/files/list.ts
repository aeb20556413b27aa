import type { Dirent } from 'node:fs';
import { lstat, opendir } from 'node:fs/promises';
import { invalid, missing } from '../doors/refusal';
import { isOwnFolder } from './own-folder';
import { pathOf, shownName } from './path';
import { at, itself, type Kind, kindOf, type Place, type Tree } from './tree';

const PAGE_SIZE = 500;
/** Of a larger folder only this many names are read. */
const MOST_NAMES = 20_000;

type Entry = {
  /** For display: bytes that are no text show as replacement characters. */
  name: string;
  /** For requests: percent-encoded, from the workspace on. */
  path: string;
  kind: Kind;
  /** For a link: the kind of its target inside the workspace; null when there is none. */
  leadsTo?: Kind | null;
  sizeBytes: number;
  modifiedAt: string;
};

export type Page = { items: Entry[]; nextCursor: string | null; isCut: boolean };

type Named = { name: Buffer; isFolder: boolean };

/** Returns one page of a folder: folders first, then by the bytes of the names. Throws a Refusal. */
export async function listFolder(tree: Tree, parts: Buffer[], cursor: string | null): Promise<Page> {
  const found = await tree.find(parts, 'follow', (place) => readNames(place));
  const names = found.names.sort(inOrder);
  const from = cursor === null ? 0 : afterCursor(names, cursor);
  const shown = names.slice(from, from + PAGE_SIZE);
  const items = await tree.find(parts, 'follow', (place) => entriesOf(tree, parts, place, shown));
  const last = shown.at(-1);
  const hasMore = from + PAGE_SIZE < names.length;
  return { items, nextCursor: hasMore && last ? cursorOf(last) : null, isCut: found.isCut };
}

async function readNames({ here }: Place): Promise<{ names: Named[]; isCut: boolean }> {
  if (!here) throw missing();
  if ((await kindOf(here)) !== 'folder') throw invalid('This is not a folder.');
  const names: Named[] = [];
  // Node's types allow text encodings only.
  const folder = await opendir(itself(here), { encoding: 'buffer' as BufferEncoding, bufferSize: 256 });
  for await (const entry of folder as unknown as AsyncIterable<Dirent<Buffer>>) {
    if (names.length >= MOST_NAMES) return { names, isCut: true };
    names.push({ name: entry.name, isFolder: entry.isDirectory() });
  }
  return { names, isCut: false };
}

async function entriesOf(tree: Tree, parts: Buffer[], { here }: Place, names: Named[]): Promise<Entry[]> {
  if (!here) throw missing();
  const items: Entry[] = [];
  for (const { name } of names) {
    const path = [...parts, name];
    if (isOwnFolder(path)) continue;
    const stat = await lstat(at(here, name)).catch(() => null);
    // The entry was deleted while the folder was read.
    if (!stat) continue;
    const kind: Kind = stat.isFile()
      ? 'file'
      : stat.isDirectory()
        ? 'folder'
        : stat.isSymbolicLink()
          ? 'link'
          : 'other';
    items.push({
      name: shownName(name),
      path: pathOf(path),
      kind,
      ...(kind === 'link' ? { leadsTo: await leadsTo(tree, path) } : {}),
      sizeBytes: kind === 'file' ? stat.size : 0,
      modifiedAt: new Date(stat.mtimeMs).toISOString(),
    });
  }
  return items;
}

/** Returns the kind of a link's target; null for a missing target and for one outside the workspace. */
async function leadsTo(tree: Tree, parts: Buffer[]): Promise<Kind | null> {
  try {
    return await tree.find(parts, 'follow', async ({ here }) => (here ? kindOf(here) : null));
  } catch {
    return null;
  }
}

const inOrder = (a: Named, b: Named): number =>
  Number(b.isFolder) - Number(a.isFolder) || Buffer.compare(a.name, b.name);

const cursorOf = ({ name, isFolder }: Named): string =>
  `${isFolder ? 'd' : 'f'}${name.toString('base64url')}`;

/** Returns the index of the first name after a cursor. Throws INVALID_INPUT for a malformed cursor. */
function afterCursor(names: Named[], cursor: string): number {
  if (!/^[df][\w-]+$/.test(cursor)) throw invalid('This cursor is none of ours.');
  const last = { isFolder: cursor[0] === 'd', name: Buffer.from(cursor.slice(1), 'base64url') };
  const index = names.findIndex((name) => inOrder(name, last) > 0);
  return index < 0 ? names.length : index;
}
