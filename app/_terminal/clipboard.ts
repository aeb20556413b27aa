import type { Terminal } from '@xterm/xterm';

/** The longest text that a program may copy, in bytes. */
const MOST_COPIED = 1024 * 1024;

/**
 * Returns the text of an OSC 52 sequence that sets the clipboard; null for a query, which gets no answer, and for
 * invalid data.
 */
export function copiedText(data: string): string | null {
  const at = data.indexOf(';');
  const encoded = data.slice(at + 1);
  if (at < 0 || encoded.length > (MOST_COPIED * 4) / 3 + 4) return null;
  try {
    const bytes = Uint8Array.from(atob(encoded), (character) => character.charCodeAt(0));
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes) || null;
  } catch {
    return null;
  }
}

/** Calls `onCopy` with each text that a program copies. */
export function hearCopies(terminal: Terminal, onCopy: (text: string) => void): void {
  terminal.parser.registerOscHandler(52, (data) => {
    const text = copiedText(data);
    if (text !== null) onCopy(text);
    return true;
  });
}

/** Returns text without the control characters that a program could take for keys or for the end of the paste. */
export function pastedText(text: string): string {
  return text.replace(/[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]/g, '');
}

/** Handles pastes before the terminal does, which would pass on hidden control characters. */
export function takePastes(place: HTMLElement, terminal: Terminal): void {
  place.addEventListener(
    'paste',
    (event) => {
      event.preventDefault();
      event.stopPropagation();
      terminal.paste(pastedText(event.clipboardData?.getData('text/plain') ?? ''));
    },
    { capture: true },
  );
}
