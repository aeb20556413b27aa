import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { commandOf, isAlive, SetupError } from './services/processes';

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
