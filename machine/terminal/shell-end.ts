import type { Duplex } from 'node:stream';
import type { IPty } from '@lydell/node-pty';

/** How long output may still come after a shell has ended while somebody in the background keeps its terminal open. */
const LONGEST_MS = 10_000;
const LOOK_MS = 200;

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
