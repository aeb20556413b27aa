'use client';

import {
  Avatar,
  Badge,
  type CSSVariablesResolver,
  createTheme,
  type MantineColorsTuple,
  Modal,
} from '@mantine/core';

/** The one accent colour. Every other colour signals a state. */
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
  // White text on this shade has a contrast above 4.5 : 1, on light and on dark.
  primaryShade: 7,
  colors: { sand },
  defaultRadius: 'md',
  fontFamily: 'var(--font-geist-sans), system-ui, sans-serif',
  fontFamilyMonospace: 'var(--font-geist-mono), ui-monospace, monospace',
  headings: { fontWeight: '600' },
  cursorType: 'pointer',
  respectReducedMotion: true,
  components: {
    Avatar: Avatar.extend({ defaultProps: { color: 'gray' } }),
    Badge: Badge.extend({ defaultProps: { tt: 'none', fw: 600 } }),
    Modal: Modal.extend({
      defaultProps: {
        centered: true,
        transitionProps: { duration: 120 },
        closeButtonProps: { 'aria-label': 'Close' },
        styles: { title: { fontWeight: 600 } },
      },
    }),
  },
});

/** Muted text keeps a contrast of at least 4.5 : 1, also on disabled controls, because they carry the reason. */
export const variables: CSSVariablesResolver = () => ({
  variables: {},
  light: {
    '--mantine-color-dimmed': '#5f666d',
    '--mantine-color-placeholder': '#6b7279',
    '--mantine-color-disabled-color': '#5f666d',
    '--mantine-color-error': 'var(--mantine-color-red-9)',
    '--mantine-color-green-light-color': '#1f6b30',
    '--mantine-color-orange-light-color': '#a03a08',
    '--mantine-color-yellow-light-color': '#8a4b00',
    '--soon-color': '#c2410c',
  },
  dark: {
    '--mantine-color-dimmed': '#a6a6a6',
    '--mantine-color-placeholder': '#9e9e9e',
    '--mantine-color-disabled-color': '#a6a6a6',
    '--mantine-color-error': 'var(--mantine-color-red-5)',
    '--soon-color': '#ffa94d',
  },
});
