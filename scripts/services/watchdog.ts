import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const SCRIPT = fileURLToPath(new URL('./watchdog-process.mjs', import.meta.url));
let process_: ChildProcess | undefined;

function tell(...words: string[]): void {
  if (!process_) {
    process_ = spawn(process.execPath, [SCRIPT], { detached: true, stdio: ['pipe', 'ignore', 'ignore'] });
    // It must never keep its parent alive, and its own death must never hurt the parent.
    process_.unref();
    (process_.stdin as unknown as { unref(): void }).unref();
    process_.stdin?.on('error', () => {});
  }
  process_.stdin?.write(`${words.join('\t')}\n`);
}

/** From now on the process group `pid` ends with `signal` when this process dies, even by SIGKILL. */
export const watchGroup = (pid: number, signal: NodeJS.Signals) => tell('add', String(pid), signal);

/** The group ended by itself: nothing is signalled any more, its number may belong to others. */
export const unwatchGroup = (pid: number) => tell('drop', String(pid));

/** A throw-away folder goes with this process. */
export const watchFolder = (path: string) => tell('remove', path);

/** Takes back `watchFolder`, after the folder was removed. */
export const unwatchFolder = (path: string) => tell('keep', path);
