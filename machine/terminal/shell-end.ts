import { readFileSync } from 'node:fs';
import type { Duplex } from 'node:stream';
import type { IPty } from '@lydell/node-pty';

/** Longest time to read output after a shell has ended while a background process keeps its terminal open. */
const LONGEST_MS = 10_000;
const LOOK_MS = 200;
/** A command still running this long after the hang-up is killed. */
const HANG_UP_MS = 1_000;

/**
 * Keeps a terminal open after its shell until readers have taken the output: the library closes a terminal 200 ms after
 * its shell and drops output that is read but held back. `onClose` is called before the file descriptor is closed.
 */
export function drainBeforeEnd(pty: IPty, isHeld: () => boolean, onClose: () => void): void {
  const socket = (pty as IPty & { _socket: Duplex })._socket;
  const destroy = socket.destroy.bind(socket);
  let askedAt: number | null = null;
  let isQuiet = true;
  socket.on('data', () => {
    isQuiet = false;
  });
  const close = (error?: Error) => {
    onClose();
    return destroy(error);
  };
  const look = () => {
    const isOver = performance.now() - (askedAt ?? 0) > LONGEST_MS;
    if (isOver || (isQuiet && !isHeld())) return void close();
    // Just released is not quiet yet: the output held back is still to be read.
    isQuiet = !isHeld();
    setTimeout(look, LOOK_MS);
  };
  socket.destroy = (error?: Error) => {
    if (error) return close(error);
    if (askedAt === null) {
      askedAt = performance.now();
      look();
    }
    return socket;
  };
}

/** Signals a shell and its process group, which the shell leads. */
export function signalGroup(pid: number, name: 'SIGHUP' | 'SIGKILL'): void {
  for (const target of [-pid, pid]) {
    try {
      process.kill(target, name);
    } catch {
      // already gone
    }
  }
}

/**
 * Hangs up a shell and its foreground command, and kills what remains of them. Background jobs made to outlive their
 * terminal stay.
 */
export function endTerminal(shell: number): void {
  const groups = [...new Set([foregroundOf(shell) ?? shell, shell])];
  for (const group of groups) signalGroup(group, 'SIGHUP');
  setTimeout(() => {
    for (const group of groups) signalGroup(group, 'SIGKILL');
  }, HANG_UP_MS).unref();
}

/** Returns the foreground process group of a shell's terminal; null where the system does not tell. */
function foregroundOf(shell: number): number | null {
  try {
    const stat = readFileSync(`/proc/${shell}/stat`, 'latin1');
    const group = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[5]);
    return group > 1 ? group : null;
  } catch {
    return null;
  }
}
