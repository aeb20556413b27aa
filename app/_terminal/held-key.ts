/** A modifier from the key row of a phone, held for the next key. */
export type Held = 'ctrl' | 'alt' | null;

const ARROW = /^\x1b[[O]([A-DHF])$/;

/** Returns the bytes of a key with the modifier held; null where the combination has none. */
export function withHeld(data: string, held: Held): string | null {
  if (held === null) return null;
  const arrow = ARROW.exec(data)?.[1];
  if (arrow) return `\x1b[1;${held === 'ctrl' ? 5 : 3}${arrow}`;
  if ([...data].length !== 1) return null;
  if (held === 'alt') return `\x1b${data}`;
  if (data === ' ') return '\0';
  if (data === '/') return '\x1f';
  const code = data.toUpperCase().charCodeAt(0);
  return code >= 0x40 && code <= 0x5f ? String.fromCharCode(code & 0x1f) : null;
}
