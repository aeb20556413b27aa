import { monotonicMs } from '../clock';

/** So often at most, and for so long a transfer goes on before it counts. */
const GAP_MS = 1_000;
const LOOK_MS = 5_000;

export type TellWork = (at: number) => void;

/** Tells of work now, not more often than once a second. */
export function nowAndThen(tell: TellWork): () => void {
  let toldAt = Number.NEGATIVE_INFINITY;
  return () => {
    const now = monotonicMs();
    if (now - toldAt < GAP_MS) return;
    toldAt = now;
    tell(now);
  };
}

/** Tells of work while bytes move through a socket for seconds; a short answer tells of nothing. Returns what ends it. */
export function whileMoving(bytes: () => number, tell: () => void): () => void {
  let before = bytes();
  const look = setInterval(() => {
    const now = bytes();
    if (now > before) tell();
    before = now;
  }, LOOK_MS);
  return () => clearInterval(look);
}
