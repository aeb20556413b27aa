import type { Terminal } from '@xterm/xterm';

/** The longest text that a program may offer, in bytes. */
const MOST_COPIED = 1024 * 1024;

/** The text of an OSC 52 that sets the clipboard; null for a question and for nonsense. Nobody learns what is on it. */
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

/** Hands over what programs want on the clipboard. */
export function hearCopies(terminal: Terminal, onCopy: (text: string) => void): void {
  terminal.parser.registerOscHandler(52, (data) => {
    const text = copiedText(data);
    if (text !== null) onCopy(text);
    return true;
  });
}

/** Text as it may be pasted: what a program could take for keys or for the end of the paste is left out. */
export function pastedText(text: string): string {
  return text.replace(/[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]/g, '');
}

/** Takes pastes before the terminal does, which would pass on what is hidden in them. */
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
