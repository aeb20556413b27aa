import { useComputedColorScheme } from '@mantine/core';
import { useLocalStorage } from '@mantine/hooks';
import { DARK, LIGHT, type Palette } from './palettes';

/** The look and behaviour of terminals, stored in this browser for every session. */
export type Preferences = {
  fontPx: number;
  colours: 'dark' | 'light' | 'page';
  /** A screen reader reads the output. */
  isSpoken: boolean;
  /** Whether a program may write to the clipboard: asked each time, or always. */
  copying: 'ask' | 'always';
};

export const FONT_PX = { least: 9, usual: 14, most: 28 };

const USUAL: Preferences = { fontPx: FONT_PX.usual, colours: 'dark', isSpoken: false, copying: 'ask' };

/** Returns the stored preferences; invalid parts get their defaults. */
export function readPreferences(stored: unknown): Preferences {
  const { fontPx, colours, isSpoken, copying } = (
    typeof stored === 'object' ? (stored ?? {}) : {}
  ) as Partial<Preferences>;
  const isFont = typeof fontPx === 'number' && fontPx >= FONT_PX.least && fontPx <= FONT_PX.most;
  return {
    fontPx: isFont ? Math.round(fontPx) : USUAL.fontPx,
    colours: colours === 'light' || colours === 'page' ? colours : 'dark',
    isSpoken: isSpoken === true,
    copying: copying === 'always' ? 'always' : 'ask',
  };
}

export type Look = Pick<Preferences, 'fontPx' | 'isSpoken'> & { palette: Palette };

/**
 * Returns the preferences of this browser, the resulting look of a screen, and a function that changes some of them.
 */
export function usePreferences() {
  const [preferences, store] = useLocalStorage<Preferences>({
    key: 'terminal-preferences',
    defaultValue: USUAL,
    getInitialValueInEffect: false,
    deserialize: (text) => readPreferences(parse(text)),
  });
  const page = useComputedColorScheme('light');
  const { fontPx, isSpoken, colours } = preferences;
  const palette = (colours === 'page' ? page : colours) === 'light' ? LIGHT : DARK;
  const change = (some: Partial<Preferences>) => store((before) => readPreferences({ ...before, ...some }));
  return { preferences, look: { fontPx, isSpoken, palette } satisfies Look, change };
}

function parse(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? 'null');
  } catch {
    return null;
  }
}
