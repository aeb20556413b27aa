import {
  appendFileSync,
  chownSync,
  constants,
  copyFileSync,
  lchownSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { join } from 'node:path';

type Owner = { uid: number; gid: number } | null;

export type HomeOptions = {
  /** The mounted volume. */
  workspace: string;
  /** The owner of the files; null leaves them to the user the agent runs as. */
  owner: Owner;
  /** The folder a new home is copied from. */
  skeleton: string;
  /** The home of one run, not kept, when the volume takes none, e.g. because the volume is full. */
  fallback: string;
};

export type Home = { path: string; isKept: boolean; problem: string | null };

const HOME = '.home';
const UNFINISHED = '.home.unfinished';

/** Names the workspace in the prompt. Written once with a new home, so that the user may change it. */
const PROMPT = `
# The prompt names the workspace.
if [ -n "$HOURGLASS_SESSION_NAME" ]; then PS1='coder@\${HOURGLASS_SESSION_NAME}:\\w\\$ '; fi
`;

/**
 * Returns the home folder on the volume: copied from the skeleton when the volume has none, and never written to
 * afterwards. When the volume takes none, full or read-only, the fallback is returned, so that a shell still opens.
 */
export function prepareHome({ workspace, owner, skeleton, fallback }: HomeOptions): Home {
  const path = join(workspace, HOME);
  try {
    mkdirSync(workspace, { recursive: true });
    if (owner) own(workspace, owner);
    if (!isThere(path)) seed(workspace, path, owner, skeleton);
    // Throws for a home that is a file or a broken link, which only the user may repair.
    readdirSync(path);
    return { path, isKept: true, problem: null };
  } catch (error) {
    return { path: fallback, isKept: false, problem: (error as Error).message };
  }
}

/** Copies the skeleton beside its place and renames the copy: a home is there whole or not at all. */
function seed(workspace: string, path: string, owner: Owner, skeleton: string): void {
  const unfinished = join(workspace, UNFINISHED);
  rmSync(unfinished, { recursive: true, force: true });
  try {
    copyTree(skeleton, unfinished, owner);
    appendFileSync(join(unfinished, '.bashrc'), PROMPT);
    if (owner) chownSync(join(unfinished, '.bashrc'), owner.uid, owner.gid);
    renameSync(unfinished, path);
  } catch (error) {
    rmSync(unfinished, { recursive: true, force: true });
    throw error;
  }
}

function copyTree(from: string, to: string, owner: Owner): void {
  mkdirSync(to, { mode: 0o755 });
  for (const entry of isThere(from) ? readdirSync(from, { withFileTypes: true }) : []) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (entry.isDirectory()) copyTree(source, target, owner);
    else if (entry.isSymbolicLink()) symlinkSync(readlinkSync(source), target);
    else if (entry.isFile()) copyFileSync(source, target, constants.COPYFILE_EXCL);
    else continue;
    if (owner) lchownSync(target, owner.uid, owner.gid);
  }
  if (owner) lchownSync(to, owner.uid, owner.gid);
}

/** Gives the volume to the user, once: a new volume belongs to root, and so do all files of one that was used as root. */
function own(folder: string, owner: NonNullable<Owner>): void {
  if (lstatSync(folder).uid === owner.uid) return;
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (entry.name === 'lost+found') continue;
    const path = join(folder, entry.name);
    if (entry.isDirectory()) own(path, owner);
    else lchownSync(path, owner.uid, owner.gid);
  }
  lchownSync(folder, owner.uid, owner.gid);
}

function isThere(path: string): boolean {
  try {
    lstatSync(path);
    return true;
  } catch {
    return false;
  }
}
