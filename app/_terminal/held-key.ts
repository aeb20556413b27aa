/** A key of the row beside a phone's screen that is held for the next one. */
export type Held = 'ctrl' | 'alt' | null;

const ARROW = /^\x1b[[O]([A-DHF])$/;

/** What a terminal sends for a key with another one held down; null where that is nothing of its own. */
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
