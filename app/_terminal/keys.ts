import type { Terminal } from '@xterm/xterm';

/** The one chord that leaves the terminal: every other key belongs to the program in it. */
export const LEAVE_CHORD = 'Alt+F6';

type Platform = 'mac' | 'windows' | 'other';

function platform(): Platform {
  const { userAgent } = navigator;
  if (/Mac|iPhone|iPad/.test(userAgent)) return 'mac';
  return userAgent.includes('Windows') ? 'windows' : 'other';
}

export const isMac = (): boolean => platform() === 'mac';

/** Returns the keys that open find; programs in a terminal never get them. */
export const findChord = (): string => (isMac() ? '⌘F' : 'Ctrl+Shift+F');

type Acts = { onLeave: () => void; onFind: () => void };

/** Returns a handler of the page's few chords; the handler returns false for keys that the program must not get. */
export function readKeys(terminal: Terminal, { onLeave, onFind }: Acts): (event: KeyboardEvent) => boolean {
  const system = platform();
  return (event) => {
    const act = actOf(event, system, terminal);
    if (act === null) return true;
    // The browser's own paste event reaches the terminal.
    if (act === 'paste') return false;
    event.preventDefault();
    if (event.type !== 'keydown') return false;
    if (act === 'leave') onLeave();
    else if (act === 'find') onFind();
    else copySelection(terminal);
    return false;
  };
}

function actOf(event: KeyboardEvent, system: Platform, terminal: Terminal) {
  const { code, ctrlKey, metaKey, shiftKey, altKey } = event;
  if (altKey && code === 'F6') return 'leave';
  if (altKey) return null;
  const isChord = system === 'mac' ? metaKey && !ctrlKey && !shiftKey : ctrlKey && shiftKey;
  if (code === 'KeyF' && isChord) return 'find';
  if (!ctrlKey) return null;
  // On Windows Ctrl+V pastes everywhere, and Ctrl+C copies when text is selected.
  const isPlain = shiftKey || system === 'windows';
  if (code === 'KeyV' && isPlain) return 'paste';
  return code === 'KeyC' && isPlain && terminal.hasSelection() ? 'copy' : null;
}

function copySelection(terminal: Terminal): void {
  void navigator.clipboard?.writeText(terminal.getSelection());
  // Without a selection the same keys interrupt the next time.
  terminal.clearSelection();
}
