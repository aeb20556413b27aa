import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { type FileHandle, link, mkdir, readdir, rename, rmdir, unlink } from 'node:fs/promises';
import { conflict, invalid, missing } from '../doors/refusal';
import { holdsOwnFolder, inOwnFolder, isOwnFolder } from './own-folder';
import { at, itself, kindOf, openPlace, type Place, type Tree } from './tree';

type There = { folder: FileHandle; name: Buffer; here: FileHandle };

function needThere({ folder, name, here }: Place): There {
  if (!folder || !name) throw invalid('This cannot be done with the workspace itself.');
  if (!here) throw missing();
  return { folder, name, here };
}

/** Makes a folder and the missing ones above it. Throws CONFLICT when the name is taken. */
export async function makeFolder(tree: Tree, parts: Buffer[]): Promise<void> {
  if (parts.length > 1) await tree.makeFolders(parts.slice(0, -1));
  await tree.find(parts, 'keep', async ({ folder, name }) => {
    if (!folder || !name) throw conflict('There is already a folder with this name.');
    await tree.makeFolder(folder, name);
  });
}

/** Moves or renames an entry; of a link, the link itself. Replaces nothing. Throws a Refusal. */
export async function moveEntry(tree: Tree, from: Buffer[], to: Buffer[]): Promise<void> {
  if (holdsOwnFolder(from) || isOwnFolder(from)) throw invalid('The home folder stays where it is.');
  if (to.length > 1) await tree.makeFolders(to.slice(0, -1));
  await tree.find(from, 'keep', (source) =>
    tree.find(to, 'keep', async ({ folder, name, here }) => {
      if (!folder || !name || here) throw conflict('There is already something with this name.');
      await moveWithoutReplacing(needThere(source), folder, name);
    }),
  );
}

/** A folder replaces an empty folder at most; any other entry is linked first, which replaces nothing. */
async function moveWithoutReplacing(source: There, folder: FileHandle, name: Buffer): Promise<void> {
  const [from, to] = [at(source.folder, source.name), at(folder, name)];
  if ((await kindOf(source.here)) === 'folder') return rename(from, to);
  try {
    await link(from, to);
  } catch (error) {
    // Where the kernel or the disk allows no second name, the check before has to suffice.
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') throw error;
    return rename(from, to);
  }
  await unlink(from);
}

/** A trash id names a deleted entry; the client sends the id to restore the entry. */
const isTrashId = (text: string): boolean => /^[0-9a-z]{1,12}-[0-9a-f]{16}$/.test(text);
const newTrashId = (now: number): string => `${now.toString(36)}-${randomBytes(8).toString('hex')}`;

/**
 * Deletes an entry by moving it into the trash; of a link, the link itself. Returns the id that restores it. Throws a
 * Refusal.
 */
export async function removeEntry(tree: Tree, parts: Buffer[], now: number): Promise<string> {
  if (holdsOwnFolder(parts) || isOwnFolder(parts)) throw invalid('The home folder cannot be deleted.');
  const trashId = newTrashId(now);
  await inOwnFolder(tree, 'trash', (trash) =>
    tree.find(parts, 'keep', async (place) => {
      const { folder, name } = needThere(place);
      const id = Buffer.from(trashId);
      await mkdir(at(trash, id), { mode: 0o700 });
      await inside(trash, id, (kept) => rename(at(folder, name), at(kept, name))).catch(async (error) => {
        await rmdir(at(trash, id)).catch(() => {});
        throw error;
      });
    }),
  );
  return trashId;
}

/** Restores a deleted entry to this path. Throws NOT_FOUND when the trash holds it no more, CONFLICT when the name is taken. */
export async function restoreEntry(tree: Tree, trashId: string, to: Buffer[]): Promise<void> {
  if (!isTrashId(trashId)) throw missing('This is not kept any more.');
  const id = Buffer.from(trashId);
  if (to.length > 1) await tree.makeFolders(to.slice(0, -1));
  await inOwnFolder(tree, 'trash', (trash) =>
    inside(trash, id, async (kept) => {
      const [name] = await readdir(itself(kept), { encoding: 'buffer' });
      const here = name ? await openPlace(kept, name) : null;
      if (!name || !here) throw missing('This is not kept any more.');
      await tree
        .find(to, 'keep', async (place) => {
          if (!place.folder || !place.name || place.here)
            throw conflict('There is already something with this name.');
          await moveWithoutReplacing({ folder: kept, name, here }, place.folder, place.name);
        })
        .finally(() => here.close());
    }).then(() => rmdir(at(trash, id))),
  );
}

async function inside<T>(
  folder: FileHandle,
  name: Buffer,
  work: (inner: FileHandle) => Promise<T>,
): Promise<T> {
  const inner = await openPlace(folder, name);
  if (!inner) throw missing('This is not kept any more.');
  return work(inner).finally(() => inner.close());
}

/** Deletes what has been in the trash for `trashMs`, and uploads unchanged for `uploadMs`, for good. */
export async function sweepOwnFolders(tree: Tree, now: number, keep: { trashMs: number; uploadMs: number }) {
  await inOwnFolder(tree, 'trash', async (trash) => {
    const names = (await readdir(itself(trash))).filter(isTrashId);
    const isOld = (id: string) => now - Number.parseInt(id.split('-')[0] ?? '', 36) >= keep.trashMs;
    await removeAll(trash, names.filter(isOld));
  });
  await inOwnFolder(tree, 'uploads', async (folder) => {
    for (const name of await readdir(itself(folder), { encoding: 'buffer' })) {
      const here = await openPlace(folder, name);
      const changedAt = (await here?.stat())?.mtimeMs ?? now;
      await here?.close();
      if (now - changedAt >= keep.uploadMs) await unlink(at(folder, name)).catch(() => {});
    }
  });
}

/** Deletes trees with the system's `rm`, which works by descriptors and follows no link while programs move folders. */
async function removeAll(folder: FileHandle, names: string[]): Promise<void> {
  if (names.length === 0) return;
  const child = spawn('rm', ['-rf', '--one-file-system', '--', ...names], {
    cwd: itself(folder),
    stdio: 'ignore',
  });
  await new Promise((resolve) => child.once('close', resolve).once('error', resolve));
}
