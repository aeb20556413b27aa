'use client';

import { createTheme, type MantineColorsTuple } from '@mantine/core';

/** The one accent. Every other colour means a state and nothing else. */
const sand: MantineColorsTuple = [
  '#fcf7ee',
  '#f4e9d5',
  '#e8d2a8',
  '#dbb977',
  '#d0a44f',
  '#c99636',
  '#b37f22',
  '#8f6314',
  '#75500f',
  '#5b3d09',
];

export const theme = createTheme({
  primaryColor: 'sand',
  primaryShade: { light: 7, dark: 6 },
  colors: { sand },
  defaultRadius: 'md',
  fontFamily: 'var(--font-geist-sans), system-ui, sans-serif',
  fontFamilyMonospace: 'var(--font-geist-mono), ui-monospace, monospace',
  headings: { fontWeight: '600' },
  cursorType: 'pointer',
});
