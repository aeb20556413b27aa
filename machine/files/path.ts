import { invalid } from '../doors/refusal';

/**
 * Paths in requests: percent-encoded bytes below the workspace, parts divided by `/`; the empty path is the workspace
 * itself. Names are bytes to the disk, and any of them can be written this way.
 */

const MOST_BYTES = 4_096;
const MOST_NAME_BYTES = 255;
/** Each part is held open while a path is walked, so their number is limited. */
const MOST_PARTS = 128;
const SLASH = 0x2f;

/** Returns the parts of a path. Throws INVALID_INPUT for `.`, `..` and empty parts, and for malformed or too long paths. */
export function partsOf(path: string): Buffer[] {
  if (path.length > MOST_BYTES * 3) throw invalid('This path is too long.');
  const trimmed = path.replace(/^\/+|\/+$/g, '');
  if (trimmed === '') return [];
  const parts = trimmed.split('/').map(decoded);
  for (const part of parts) needName(part);
  if (parts.length > MOST_PARTS) throw invalid('This folder is too deep.');
  if (parts.reduce((sum, { length }) => sum + length + 1, 0) > MOST_BYTES)
    throw invalid('This path is too long.');
  return parts;
}

function decoded(text: string): Buffer {
  const bytes: number[] = [];
  for (let i = 0; i < text.length; ) {
    if (text[i] !== '%') {
      const letter = String.fromCodePoint(text.codePointAt(i) ?? 0);
      bytes.push(...Buffer.from(letter));
      i += letter.length;
      continue;
    }
    const hex = /^[0-9a-f]{2}$/i.exec(text.slice(i + 1, i + 3))?.[0];
    if (!hex) throw invalid('A % in a path is followed by two hexadecimal digits.');
    bytes.push(Number.parseInt(hex, 16));
    i += 3;
  }
  return Buffer.from(bytes);
}

/** Throws INVALID_INPUT unless a folder can hold something of this name. */
function needName(name: Buffer): void {
  const text = name.toString('latin1');
  if (text === '' || text === '.' || text === '..') throw invalid('A path has no empty, . or .. part.');
  if (name.includes(0) || name.includes(SLASH)) throw invalid('A name holds no / and no zero byte.');
  if (name.length > MOST_NAME_BYTES) throw invalid('A name has 255 bytes at most.');
}

/** Returns the parts of a link's target, `.` and `..` among them. */
export function linkParts(target: Buffer): Buffer[] {
  const parts: Buffer[] = [];
  let from = 0;
  for (let i = 0; i <= target.length; i++) {
    if (i < target.length && target[i] !== SLASH) continue;
    if (i > from) parts.push(target.subarray(from, i));
    from = i + 1;
  }
  return parts;
}

/** Returns a path as written in requests. */
export function pathOf(parts: readonly Buffer[]): string {
  return parts.map(encoded).join('/');
}

function encoded(part: Buffer): string {
  let text = '';
  for (const byte of part) {
    const letter = String.fromCharCode(byte);
    text += /[\w.~-]/.test(letter) ? letter : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  return text;
}

/** Returns a name for display: bytes that are no text, or would disturb the text around them, become replacement characters. */
export function shownName(name: Buffer): string {
  return name.toString('utf8').replace(/[\p{Cc}\p{Bidi_Control}\u2028\u2029]/gu, '\uFFFD');
}
