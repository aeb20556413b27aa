const ESC = 0x1b;
const BEL = 0x07;
const CAN = 0x18;
const SUB = 0x1a;
/** Of a longer control string only the two opening bytes are kept; the terminal still swallows what follows as its rest. */
const MOST_TAIL = 64 * 1024;

/**
 * Returns the end of an output stream that is no whole character or sequence yet. A viewer that joins receives these bytes
 * first, so that the terminal understands the rest.
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

/** Returns whether the sequence at `start` ends within `all`. No other sequence begins after it. */
function isWhole(all: Buffer, start: number): boolean {
  let at = start + 1;
  while (at < all.length && isBetween(all[at], 0x20, 0x2f)) at++;
  const kind = all[at];
  if (kind === undefined) return false;
  // CAN and SUB end an OSC, DCS, SOS, PM or APC, and BEL ends an OSC; `ESC \` would be the last sequence itself.
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

/** Returns the first bytes of a UTF-8 character that is incomplete at the end; empty without one. */
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
