import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { commandOf, isAlive, SetupError, sleep } from './services/processes';

/**
 * Locks the folder for this process and returns a function that unlocks it. Throws when another process holds the lock.
 */
export function lockFolder(dir: string): () => void {
  const file = join(dir, 'up.pid');
  if (existsSync(file)) {
    const pid = Number(readFileSync(file, 'utf8'));
    if (pid > 0 && pid !== process.pid && isAlive(pid) && /up\.ts/.test(commandOf(pid))) {
      throw new SetupError(`Hourglass is already up in this folder (process ${pid}). Stop that one first.`);
    }
  }
  writeFileSync(file, String(process.pid));
  return () => rmSync(file, { force: true });
}

/** Waits until no other process builds in this folder, locks the build, and returns a function that unlocks it. */
export async function lockBuild(dir: string): Promise<() => void> {
  const file = join(dir, 'build.pid');
  mkdirSync(dir, { recursive: true });
  for (;;) {
    try {
      writeFileSync(file, String(process.pid), { flag: 'wx' });
      return () => rmSync(file, { force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    if (isAbandoned(file)) rmSync(file, { force: true });
    else await sleep(200);
  }
}

/** Whether the process named in the lock file has ended, or its id has been reused by another program. */
function isAbandoned(file: string): boolean {
  const pid = existsSync(file) ? Number(readFileSync(file, 'utf8')) : 0;
  return pid > 0 && (!isAlive(pid) || !/node/.test(commandOf(pid)));
}
