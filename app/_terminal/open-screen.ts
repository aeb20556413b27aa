import type { Terminal } from '@xterm/xterm';
import type { Size } from './connection';

const FONT_PX = 14;
const THEME = {
  background: '#16140f',
  foreground: '#e9e4d8',
  cursor: '#d0a44f',
  selectionBackground: '#5b4a2a',
};
/** The one chord that leaves the terminal: every other key belongs to the program in it. */
export const LEAVE_CHORD = 'Alt+F6';

export type OpenScreen = {
  terminal: Terminal;
  /** What fits into the place now, or null while it is hidden. */
  fitting: () => Size | null;
};

/** xterm needs a document, so it is loaded here and not with the page. Copy follows the selection's own shortcut. */
export async function openScreen(place: HTMLDivElement, onLeave: () => void): Promise<OpenScreen> {
  const [{ Terminal }, { FitAddon }, { WebLinksAddon }] = await Promise.all([
    import('@xterm/xterm'),
    import('@xterm/addon-fit'),
    import('@xterm/addon-web-links'),
  ]);
  // The screen measures its letters once: the font has to be there before.
  const family = getComputedStyle(document.documentElement).getPropertyValue('--font-geist-mono').trim();
  const fontFamily = family === '' ? 'ui-monospace, monospace' : `${family}, ui-monospace, monospace`;
  await document.fonts.load(`${FONT_PX}px ${fontFamily}`).catch(() => []);
  const terminal = new Terminal({
    fontFamily,
    lineHeight: 1.2,
    fontSize: FONT_PX,
    scrollback: 5_000,
    cursorBlink: true,
    theme: THEME,
    screenReaderMode: false,
  });
  const fitter = new FitAddon();
  terminal.loadAddon(fitter);
  terminal.loadAddon(new WebLinksAddon());
  terminal.open(place);
  terminal.textarea?.setAttribute('aria-description', `Press ${LEAVE_CHORD} to leave the terminal.`);
  terminal.textarea?.setAttribute('aria-keyshortcuts', LEAVE_CHORD);
  terminal.attachCustomKeyEventHandler((event) => keepForTerminal(event, terminal, onLeave));
  const fitting = () => {
    if (place.clientWidth === 0 || place.clientHeight === 0) return null;
    const size = fitter.proposeDimensions();
    return size && Number.isFinite(size.cols) && Number.isFinite(size.rows) ? size : null;
  };
  return { terminal, fitting };
}

function keepForTerminal(event: KeyboardEvent, terminal: Terminal, onLeave: () => void): boolean {
  if (event.altKey && event.code === 'F6') {
    event.preventDefault();
    if (event.type === 'keydown') onLeave();
    return false;
  }
  const copies = event.type === 'keydown' && event.ctrlKey && event.shiftKey && event.code === 'KeyC';
  if (copies && terminal.hasSelection()) {
    event.preventDefault();
    void navigator.clipboard?.writeText(terminal.getSelection());
    return false;
  }
  // Ctrl+Shift+V is left to the browser, whose paste reaches the terminal by itself.
  return !(event.ctrlKey && event.shiftKey && event.code === 'KeyV');
}
