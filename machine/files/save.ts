import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, link, open, rename, unlink } from 'node:fs/promises';
import { conflict, invalid, Refusal } from '../doors/refusal';
import { inOwnFolder } from './own-folder';
import { etagOf } from './read';
import { at, itself, type Place, type Tree } from './tree';

/** The condition under which a file is replaced. */
export type Condition = {
  /** The etag of the file when it was read; any other one means that the file was changed meanwhile. */
  ifMatch?: string | null;
  /** The name must be free. */
  isNew?: boolean;
};

export type Saved = { etag: string; sizeBytes: number };

const NEW_MODE = 0o644;

/**
 * Puts a finished file in its place by one rename: readers find the old content or the new one, whole. A link is kept and
 * its target replaced. Throws a Refusal; the finished file then stays where it was.
 */
export async function putInPlace(
  tree: Tree,
  parts: Buffer[],
  finished: { folder: FileHandle; name: Buffer; handle: FileHandle },
  condition: Condition,
): Promise<Saved> {
  const { folder: from, name: tempName, handle } = finished;
  return tree.find(parts, 'follow', async (place) => {
    const { folder, name, mode } = await checked(place, condition);
    await handle.chmod(mode);
    if (tree.owner) await handle.chown(tree.owner.uid, tree.owner.gid);
    await handle.sync();
    if (condition.isNew) {
      await link(at(from, tempName), at(folder, name));
      await unlink(at(from, tempName));
    } else await rename(at(from, tempName), at(folder, name));
    await syncFolder(folder);
    const stat = await handle.stat({ bigint: true });
    return { etag: etagOf(stat), sizeBytes: Number(stat.size) };
  });
}

/** Throws early the Refusal that `putInPlace` would throw at the end. */
export async function needPlace(tree: Tree, parts: Buffer[], condition: Condition): Promise<void> {
  await tree.find(parts, 'follow', (place) => checked(place, condition));
}

async function checked({ folder, name, here }: Place, { ifMatch, isNew }: Condition) {
  if (!folder || !name) throw invalid('The workspace itself is no file.');
  const before = here ? await here.stat({ bigint: true }) : null;
  if (before && !before.isFile())
    throw conflict(before.isDirectory() ? 'There is a folder with this name.' : 'This is not a plain file.');
  if (isNew && before) throw conflict('There is already a file with this name.');
  if (ifMatch && (!before || etagOf(before) !== ifMatch))
    throw new Refusal(412, 'CHANGED', 'The file was changed meanwhile. Open it again to see how.');
  return { folder, name, mode: before ? Number(before.mode & 0o7777n) : NEW_MODE };
}

/** Syncs a folder, so that a rename in it survives a loss of power. */
async function syncFolder(folder: FileHandle): Promise<void> {
  const opened = await open(itself(folder), constants.O_RDONLY);
  await opened.sync().finally(() => opened.close());
}

/** Writes a small file whole, and makes missing folders. Throws a Refusal; nothing is left behind then. */
export async function saveFile(
  tree: Tree,
  parts: Buffer[],
  content: Buffer,
  condition: Condition,
): Promise<Saved> {
  if (parts.length > 1) await tree.makeFolders(parts.slice(0, -1));
  await needPlace(tree, parts, condition);
  return inOwnFolder(tree, 'uploads', async (folder) => {
    const name = Buffer.from(`${randomBytes(16).toString('hex')}.part`);
    const handle = await open(at(folder, name), 'wx', 0o600);
    try {
      await handle.writeFile(content);
      return await putInPlace(tree, parts, { folder, name, handle }, condition);
    } catch (error) {
      await unlink(at(folder, name)).catch(() => {});
      throw error;
    } finally {
      await handle.close();
    }
  });
}
