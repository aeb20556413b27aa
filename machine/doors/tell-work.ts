import { monotonicMs } from '../clock';

/** GAP_MS is the least time between two reports of work; a transfer counts as work after LOOK_MS. */
const GAP_MS = 1_000;
const LOOK_MS = 5_000;

export type TellWork = (at: number) => void;

/** Returns a function that reports work now, at most once per second. */
export function nowAndThen(tell: TellWork): () => void {
  let toldAt = Number.NEGATIVE_INFINITY;
  return () => {
    const now = monotonicMs();
    if (now - toldAt < GAP_MS) return;
    toldAt = now;
    tell(now);
  };
}

/**
 * Reports work while bytes move through a socket for seconds, but not for a short response. Returns a function that ends
 * the watch.
 */
export function whileMoving(bytes: () => number, tell: () => void): () => void {
  let before = bytes();
  const look = setInterval(() => {
    const now = bytes();
    if (now > before) tell();
    before = now;
  }, LOOK_MS);
  return () => clearInterval(look);
}
