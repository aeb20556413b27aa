import { constants } from 'node:fs';
import { type FileHandle, mkdir, open, readlink } from 'node:fs/promises';
import { invalid, missing, Refusal } from '../doors/refusal';
import { linkParts } from './path';

/** Opens an entry as a place only: nothing is read, and no device or pipe is triggered. Linux only. */
const O_PATH = 0o10000000;
const { O_DIRECTORY, O_NOFOLLOW } = constants;
export const O_DIRECTORY_ONLY = constants.O_RDONLY | O_DIRECTORY;
const MOST_LINKS = 40;

export type Owner = { uid: number; gid: number } | null;

/** Where an entry is, or would be: in an open folder, under a name. The workspace itself has no folder and no name. */
export type Place = {
  folder: FileHandle | null;
  name: Buffer | null;
  /** The entry, opened as a place only; null when there is none. */
  here: FileHandle | null;
};

/** Returns the address of a name in an open folder, the same folder whatever happens to its path. */
export function at(folder: FileHandle, name: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`/proc/self/fd/${folder.fd}/`), name]);
}

/** Returns the address of an open file or folder. */
export const itself = (handle: FileHandle): string => `/proc/self/fd/${handle.fd}`;

/** The folders along a path through the workspace, each held open until it is left. */
class Way {
  readonly stack: FileHandle[] = [];

  get top(): FileHandle {
    return this.stack[this.stack.length - 1] as FileHandle;
  }

  async backTo(depth: number): Promise<void> {
    for (const handle of this.stack.splice(depth)) await handle.close();
  }
}

/**
 * The files below one folder. Every step of a path leads from an open folder to an open folder, and the agent walks links
 * itself, so that nothing outside is reached whatever programs rename or link meanwhile.
 */
export class Tree {
  constructor(
    private readonly root: string,
    readonly owner: Owner,
  ) {}

  /**
   * Finds a place and calls `work` with it; everything opened is closed afterwards. With `keep`, a link at the end is the
   * place itself and not its target. Throws a Refusal.
   */
  async find<T>(parts: Buffer[], end: 'follow' | 'keep', work: (place: Place) => Promise<T>): Promise<T> {
    const way = new Way();
    let here: FileHandle | null = null;
    try {
      way.stack.push(await open(this.root, O_PATH | O_DIRECTORY));
      const place = await this.walk(way, parts, end);
      here = place.here;
      return await work(place);
    } finally {
      if (here && !way.stack.includes(here)) await here.close();
      await way.backTo(0);
    }
  }

  private async walk(way: Way, parts: Buffer[], end: 'follow' | 'keep'): Promise<Place> {
    let todo = [...parts];
    let links = 0;
    for (;;) {
      const name = todo.shift();
      if (!name) return { folder: null, name: null, here: way.top };
      const text = name.toString('latin1');
      if (text === '.') continue;
      if (text === '..') {
        if (way.stack.length < 2) throw outside();
        await way.backTo(way.stack.length - 1);
        continue;
      }
      const isLast = todo.length === 0;
      const here = await openPlace(way.top, name);
      if (!here) {
        if (isLast) return { folder: way.top, name, here: null };
        throw missing();
      }
      const kind = await kindOf(here);
      if (kind === 'link' && !(isLast && end === 'keep')) {
        await here.close();
        if (++links > MOST_LINKS) throw invalid('This link leads in a circle.');
        todo = [...(await this.linkFrom(way, name)), ...todo];
        continue;
      }
      if (isLast) return { folder: way.top, name, here };
      if (kind !== 'folder') {
        await here.close();
        throw missing();
      }
      way.stack.push(here);
    }
  }

  /** Returns the parts a link adds to the path. Throws OUTSIDE for an absolute target outside the workspace. */
  private async linkFrom(way: Way, name: Buffer): Promise<Buffer[]> {
    const target = await readlink(at(way.top, name), { encoding: 'buffer' });
    const parts = linkParts(target);
    if (target[0] !== 0x2f) return parts;
    for (const part of linkParts(Buffer.from(this.root))) if (!parts.shift()?.equals(part)) throw outside();
    await way.backTo(1);
    return parts;
  }

  /** Makes the missing folders of a path. Throws a Refusal where another entry has one of the names. */
  async makeFolders(parts: Buffer[], mode = 0o755): Promise<void> {
    for (let depth = 1; depth <= parts.length; depth++)
      await this.find(parts.slice(0, depth), 'follow', async ({ folder, name, here }) => {
        if (folder && name && !here) await this.makeFolder(folder, name, mode).catch(unlessThere);
      });
  }

  async makeFolder(folder: FileHandle, name: Buffer, mode = 0o755): Promise<void> {
    await mkdir(at(folder, name), { mode });
    if (!this.owner) return;
    const made = await open(at(folder, name), O_DIRECTORY_ONLY | O_NOFOLLOW);
    await made.chown(this.owner.uid, this.owner.gid).finally(() => made.close());
  }
}

function unlessThere(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EEXIST') throw error;
}

const outside = () =>
  new Refusal(403, 'OUTSIDE', 'This link leads out of the workspace and is not followed.');

/** Opens the entry of this name in a folder, as a place; returns null when there is none. */
export async function openPlace(folder: FileHandle, name: Buffer): Promise<FileHandle | null> {
  try {
    return await open(at(folder, name), O_PATH | O_NOFOLLOW);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

export type Kind = 'file' | 'folder' | 'link' | 'other';

export async function kindOf(handle: FileHandle): Promise<Kind> {
  const stat = await handle.stat();
  if (stat.isFile()) return 'file';
  if (stat.isDirectory()) return 'folder';
  return stat.isSymbolicLink() ? 'link' : 'other';
}

/** Opens exactly the file that was found, for reading. Throws a Refusal unless it is a plain file. */
export async function openFile(here: FileHandle | null): Promise<FileHandle> {
  if (!here) throw missing();
  const kind = await kindOf(here);
  if (kind === 'folder') throw invalid('This is a folder.');
  if (kind !== 'file') throw invalid('This is not a plain file.');
  return open(itself(here), constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
}
