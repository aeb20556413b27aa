import type { ITheme } from '@xterm/xterm';

/** The colours of a terminal, and of the matches of a search. */
export type Palette = { theme: ITheme; found: string; foundNow: string };

/** Text below this contrast is made lighter or darker. */
export const LEAST_CONTRAST = 4.5;

export const DARK: Palette = {
  theme: {
    background: '#16140f',
    foreground: '#e9e4d8',
    cursor: '#d0a44f',
    cursorAccent: '#16140f',
    selectionBackground: '#5b4a2a',
    black: '#3b382f',
    red: '#f07178',
    green: '#8fc16b',
    yellow: '#e0b354',
    blue: '#7aa9e8',
    magenta: '#c794ea',
    cyan: '#6fc3c0',
    white: '#d5cfc1',
    brightBlack: '#8f897a',
    brightRed: '#ff9a9f',
    brightGreen: '#b3dd93',
    brightYellow: '#f3d084',
    brightBlue: '#a7c9f7',
    brightMagenta: '#dfb9f7',
    brightCyan: '#9bdfdc',
    brightWhite: '#fffaf0',
  },
  found: '#5b4a2a',
  foundNow: '#8f6314',
};

export const LIGHT: Palette = {
  theme: {
    background: '#fdfbf6',
    foreground: '#2b2820',
    cursor: '#8f6314',
    cursorAccent: '#fdfbf6',
    selectionBackground: '#ecd9ae',
    black: '#2b2820',
    red: '#b3262e',
    green: '#3d7a1c',
    yellow: '#8a5a00',
    blue: '#1f5fae',
    magenta: '#8a3ab0',
    cyan: '#0f7270',
    white: '#6d675a',
    brightBlack: '#6d675a',
    brightRed: '#c93a42',
    brightGreen: '#467f26',
    brightYellow: '#94640a',
    brightBlue: '#2f6fc0',
    brightMagenta: '#9a4cc0',
    brightCyan: '#1b7f7c',
    brightWhite: '#4a453a',
  },
  found: '#f4e2b8',
  foundNow: '#e0b354',
};
