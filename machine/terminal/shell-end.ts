import { readFileSync } from 'node:fs';
import type { Duplex } from 'node:stream';
import type { IPty } from '@lydell/node-pty';

/** How long output may still come after a shell has ended while somebody in the background keeps its terminal open. */
const LONGEST_MS = 10_000;
const LOOK_MS = 200;
/** A command that does not end when its terminal is hung up is killed after this. */
const HANG_UP_MS = 1_000;

/**
 * The library closes a terminal 200 ms after its shell has ended, and forgets what was read from it and is held back.
 * Here it stays open until readers have taken that. `onClose` comes before the file descriptor is closed.
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
    // Released a moment ago is not quiet yet: what was held back is still to be read.
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

/** Signals a shell and everything of its own group. The shell leads that group. */
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
 * Hangs up a shell and the command in front of it, and kills what stays. What was sent to the background to outlive its
 * terminal does so.
 */
export function endTerminal(shell: number): void {
  const groups = [...new Set([foregroundOf(shell) ?? shell, shell])];
  for (const group of groups) signalGroup(group, 'SIGHUP');
  setTimeout(() => {
    for (const group of groups) signalGroup(group, 'SIGKILL');
  }, HANG_UP_MS).unref();
}

/** The group of the command that has a shell's terminal; null where the system does not tell. */
function foregroundOf(shell: number): number | null {
  try {
    const stat = readFileSync(`/proc/${shell}/stat`, 'latin1');
    const group = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[5]);
    return group > 1 ? group : null;
  } catch {
    return null;
  }
}
