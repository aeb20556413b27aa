import { randomBytes } from 'node:crypto';

const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
let lastTime = 0;
let lastTail = 0n;

function base32(value: bigint, length: number): string {
  let text = '';
  let rest = value;
  for (let i = 0; i < length; i++) {
    text = alphabet[Number(rest & 31n)] + text;
    rest >>= 5n;
  }
  return text;
}

/** Returns a ULID: sorts by time, and within one millisecond by the order of the calls. */
export function newUlid(at = Date.now()): string {
  if (at === lastTime) lastTail += 1n;
  else lastTail = BigInt(`0x${randomBytes(9).toString('hex')}`);
  lastTime = at;
  return base32(BigInt(at), 10) + base32(lastTail, 16);
}

/** Returns a machine id: 14 hex digits. */
export function newMachineId(): string {
  return randomBytes(7).toString('hex');
}

/** Returns a volume id: `vol_` and 16 letters or digits. */
export function newVolumeId(): string {
  return `vol_${base32(BigInt(`0x${randomBytes(10).toString('hex')}`), 16).toLowerCase()}`;
}
