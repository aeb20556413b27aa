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

/** What opens find; no program in a terminal gets these keys. */
export const findChord = (): string => (isMac() ? '⌘F' : 'Ctrl+Shift+F');

type Acts = { onLeave: () => void; onFind: () => void };

/** Keeps the few chords that are the page's; answers false for what the program shall not get. */
export function readKeys(terminal: Terminal, { onLeave, onFind }: Acts): (event: KeyboardEvent) => boolean {
  const system = platform();
  return (event) => {
    const act = actOf(event, system, terminal);
    if (act === null) return true;
    // Pasting is left to the browser, whose paste reaches the terminal by itself.
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
  // On Windows Ctrl+V pastes everywhere, and Ctrl+C copies where something is selected.
  const isPlain = shiftKey || system === 'windows';
  if (code === 'KeyV' && isPlain) return 'paste';
  return code === 'KeyC' && isPlain && terminal.hasSelection() ? 'copy' : null;
}

function copySelection(terminal: Terminal): void {
  void navigator.clipboard?.writeText(terminal.getSelection());
  // The same keys interrupt the next time.
  terminal.clearSelection();
}
