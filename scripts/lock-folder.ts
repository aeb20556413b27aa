import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { commandOf, isAlive, SetupError, sleep } from './services/processes';

/** Takes the folder for this process; the answer gives it back. Throws when another one runs here. */
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

/** Waits until no other process builds here and takes the build for this one; the answer gives it back. */
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

/** True when the process that wrote its id here is gone, or its id belongs to a stranger by now. */
function isAbandoned(file: string): boolean {
  const pid = existsSync(file) ? Number(readFileSync(file, 'utf8')) : 0;
  return pid > 0 && (!isAlive(pid) || !/node/.test(commandOf(pid)));
}
