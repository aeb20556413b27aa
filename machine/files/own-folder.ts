import { type FileHandle, open } from 'node:fs/promises';
import { missing } from '../doors/refusal';
import { itself, O_DIRECTORY_ONLY, type Tree } from './tree';

/** Folders of the agent on the volume, for unfinished uploads and deleted entries. Files move to and from them by one rename. */
const OWN = [Buffer.from('.home'), Buffer.from('.hourglass')];
const FOLDERS = { uploads: [...OWN, Buffer.from('uploads')], trash: [...OWN, Buffer.from('trash')] };

export type OwnFolder = keyof typeof FOLDERS;

/** Returns whether a path is the agent's own folder or below it. */
export const isOwnFolder = (parts: readonly Buffer[]): boolean =>
  parts.length >= OWN.length && OWN.every((part, index) => parts[index]?.equals(part));

/** Returns whether a path holds the agent's own folder: the workspace, the home folder, and that folder itself. */
export const holdsOwnFolder = (parts: readonly Buffer[]): boolean =>
  parts.length <= OWN.length && parts.every((part, index) => OWN[index]?.equals(part));

/** Opens one of the folders, made if missing, and closes it after `work`. Throws a Refusal, also without a home folder. */
export async function inOwnFolder<T>(
  tree: Tree,
  name: OwnFolder,
  work: (folder: FileHandle) => Promise<T>,
): Promise<T> {
  const [home, ...below] = FOLDERS[name];
  await tree.find([home as Buffer], 'follow', async ({ here }) => {
    if (!here) throw missing('The home folder is missing. Restart the session to get a new one.');
  });
  await tree.makeFolders([home as Buffer, ...below], 0o700);
  return tree.find(FOLDERS[name], 'follow', async ({ here }) => {
    if (!here) throw missing();
    const folder = await open(itself(here), O_DIRECTORY_ONLY);
    return work(folder).finally(() => folder.close());
  });
}
