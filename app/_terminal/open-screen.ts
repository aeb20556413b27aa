import type { SearchAddon } from '@xterm/addon-search';
import type { ITerminalOptions, Terminal } from '@xterm/xterm';
import { hearCopies, takePastes } from './clipboard';
import { LEAVE_CHORD, readKeys } from './keys';
import { findLinks, linksOf } from './links';
import { LEAST_CONTRAST } from './palettes';
import type { Look } from './preferences';
import type { Size } from './wire';

export type ScreenActs = {
  onLeave: () => void;
  onFind: () => void;
  /** A program asks to copy a text to the clipboard. */
  onCopy: (text: string) => void;
  /** The address of the link under the pointer; null when there is none. */
  onLink: (words: string | null) => void;
};

export type OpenScreen = {
  terminal: Terminal;
  search: SearchAddon;
  /** Returns the size that fits now, or null while the screen is hidden. */
  fitting: () => Size | null;
};

const optionsOf = ({ fontPx, isSpoken, palette }: Look): ITerminalOptions => ({
  fontSize: fontPx,
  theme: palette.theme,
  screenReaderMode: isSpoken,
});

/** Applies another look to an open screen. */
export function applyLook(terminal: Terminal, look: Look): void {
  Object.assign(terminal.options, optionsOf(look));
}

/** Opens a screen. xterm needs a document, so it is loaded here and not with the page. */
export async function openScreen(place: HTMLDivElement, look: Look, acts: ScreenActs): Promise<OpenScreen> {
  const [{ Terminal }, { FitAddon }, { SearchAddon }, { UnicodeGraphemesAddon }] = await Promise.all([
    import('@xterm/xterm'),
    import('@xterm/addon-fit'),
    import('@xterm/addon-search'),
    import('@xterm/addon-unicode-graphemes'),
  ]);
  const links = linksOf(acts.onLink);
  const terminal = new Terminal({
    ...optionsOf(look),
    fontFamily: await loadFont(look.fontPx),
    lineHeight: 1.2,
    scrollback: 5_000,
    cursorBlink: true,
    minimumContrastRatio: LEAST_CONTRAST,
    macOptionClickForcesSelection: true,
    linkHandler: links,
    // Needed to mark found text, and to measure characters by grapheme.
    allowProposedApi: true,
  });
  const [fitter, search] = [new FitAddon(), new SearchAddon()];
  for (const addon of [fitter, search, new UnicodeGraphemesAddon()]) terminal.loadAddon(addon);
  await findLinks(terminal, links);
  terminal.open(place);
  takePastes(place, terminal);
  hearCopies(terminal, acts.onCopy);
  explainKeys(terminal);
  terminal.attachCustomKeyEventHandler(readKeys(terminal, acts));
  const fitting = () => {
    if (place.clientWidth === 0 || place.clientHeight === 0) return null;
    const size = fitter.proposeDimensions();
    return size && Number.isFinite(size.cols) && Number.isFinite(size.rows) ? size : null;
  };
  return { terminal, search, fitting };
}

/** Loads the font and returns its family: the screen measures its letters once, so the font must be loaded before. */
async function loadFont(fontPx: number): Promise<string> {
  const family = getComputedStyle(document.documentElement).getPropertyValue('--font-geist-mono').trim();
  const fontFamily = family === '' ? 'ui-monospace, monospace' : `${family}, ui-monospace, monospace`;
  await document.fonts.load(`${fontPx}px ${fontFamily}`).catch(() => []);
  return fontFamily;
}

function explainKeys({ textarea }: Terminal): void {
  const words = `Press ${LEAVE_CHORD} to leave the terminal. Terminal settings, beside the tabs, turn on reading output aloud.`;
  textarea?.setAttribute('aria-description', words);
  textarea?.setAttribute('aria-keyshortcuts', LEAVE_CHORD);
}
