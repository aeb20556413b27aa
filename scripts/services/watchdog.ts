import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const SCRIPT = fileURLToPath(new URL('./watchdog-process.mjs', import.meta.url));
let process_: ChildProcess | undefined;

function tell(...words: string[]): void {
  if (!process_) {
    process_ = spawn(process.execPath, [SCRIPT], { detached: true, stdio: ['pipe', 'ignore', 'ignore'] });
    // The watchdog must not keep its parent alive, and its own death must not harm the parent.
    process_.unref();
    (process_.stdin as unknown as { unref(): void }).unref();
    process_.stdin?.on('error', () => {});
  }
  process_.stdin?.write(`${words.join('\t')}\n`);
}

/** Ends the process group `pid` with `signal` when this process exits, even by SIGKILL. */
export const watchGroup = (pid: number, signal: NodeJS.Signals) => tell('add', String(pid), signal);

/** Cancels `watchGroup` for a group that has ended, because its id may be reused. */
export const unwatchGroup = (pid: number) => tell('drop', String(pid));

/** Removes a throw-away folder when this process exits. */
export const watchFolder = (path: string) => tell('remove', path);

/** Cancels `watchFolder`, after the folder was removed. */
export const unwatchFolder = (path: string) => tell('keep', path);
