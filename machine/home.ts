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
  /** Whom the files belong to; null leaves them to the user the agent runs as. */
  owner: Owner;
  /** What a new home begins with. */
  skeleton: string;
  /** Used for one run when the volume takes no home, for example because it is full. Not kept. */
  fallback: string;
};

export type Home = { path: string; isKept: boolean; problem: string | null };

const HOME = '.home';
const UNFINISHED = '.home.unfinished';

/** Names the workspace in the prompt. Written once with a new home, so its owner may change it. */
const PROMPT = `
# The prompt names the workspace.
if [ -n "$HOURGLASS_SESSION_NAME" ]; then PS1='coder@\${HOURGLASS_SESSION_NAME}:\\w\\$ '; fi
`;

/**
 * The home folder on the volume, made from the skeleton when the volume has none and never written to afterwards. A
 * volume that takes none, full or read-only, does not keep a shell from opening: the fallback is used instead.
 */
export function prepareHome({ workspace, owner, skeleton, fallback }: HomeOptions): Home {
  const path = join(workspace, HOME);
  try {
    mkdirSync(workspace, { recursive: true });
    if (owner) own(workspace, owner);
    if (!isThere(path)) seed(workspace, path, owner, skeleton);
    // A home that is a file or a broken link is its owner's to repair.
    readdirSync(path);
    return { path, isKept: true, problem: null };
  } catch (error) {
    return { path: fallback, isKept: false, problem: (error as Error).message };
  }
}

/** Everything is copied beside its place and renamed: a home is there whole or not at all. */
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

/** A new volume belongs to root, and so does all of one that was used as root: it becomes the person's, once. */
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
