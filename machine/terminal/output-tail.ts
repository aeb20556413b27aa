const ESC = 0x1b;
const BEL = 0x07;
const CAN = 0x18;
const SUB = 0x1a;
/** A string that is longer is remembered by its beginning only: what follows is still swallowed as its rest. */
const MOST_TAIL = 64 * 1024;

/**
 * The end of an output stream that is not a whole character or sequence yet. Whoever joins with the screen of that moment
 * gets it first, so that the rest of it is understood.
 */
export function unfinishedTail(before: Buffer, chunk: Buffer): Buffer {
  const all = before.length === 0 ? chunk : Buffer.concat([before, chunk]);
  const last = all.lastIndexOf(ESC);
  if (last >= 0 && !isWhole(all, last)) return shortened(all.subarray(last));
  return unfinishedCharacter(all);
}

function shortened(tail: Buffer): Buffer {
  return Buffer.from(tail.length > MOST_TAIL ? tail.subarray(0, 2) : tail);
}

/** True when the sequence that begins at `start` ends within `all`. No other sequence begins behind it. */
function isWhole(all: Buffer, start: number): boolean {
  let at = start + 1;
  while (at < all.length && isBetween(all[at], 0x20, 0x2f)) at++;
  const kind = all[at];
  if (kind === undefined) return false;
  // OSC, DCS, SOS, PM and APC end with BEL or are ended from outside; `ESC \` would be the last sequence itself.
  if (at === start + 1 && [0x5d, 0x50, 0x58, 0x5e, 0x5f].includes(kind)) return hasEnd(all, at + 1, kind);
  if (at !== start + 1 || kind !== 0x5b) return true;
  while (++at < all.length) if (isBetween(all[at], 0x40, 0x7e) || isCancel(all[at])) return true;
  return false;
}

function hasEnd(all: Buffer, from: number, kind: number): boolean {
  for (let at = from; at < all.length; at++) {
    if (isCancel(all[at]) || (kind === 0x5d && all[at] === BEL)) return true;
  }
  return false;
}

const isCancel = (byte: number | undefined): boolean => byte === CAN || byte === SUB;
const isBetween = (byte: number | undefined, least: number, most: number): boolean =>
  byte !== undefined && byte >= least && byte <= most;

/** The first bytes of a UTF-8 character whose last ones have not come. */
function unfinishedCharacter(all: Buffer): Buffer {
  for (let back = 1; back <= Math.min(3, all.length); back++) {
    const byte = all[all.length - back] ?? 0;
    if (byte < 0x80) break;
    if (byte < 0xc0) continue;
    const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
    return Buffer.from(length > back ? all.subarray(all.length - back) : []);
  }
  return Buffer.alloc(0);
}
