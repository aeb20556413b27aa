import { expect, it } from 'vitest';
import { copiedText, pastedText } from './clipboard';
import { withHeld } from './held-key';
import { readPreferences } from './preferences';

it('SESSION-114 a held key turns the next one into what a keyboard would send', () => {
  const pressed = (held: 'ctrl' | 'alt') =>
    ['c', 'D', '[', ' ', '/', '\x1b[D', '\x1bOA', 'ü', 'paste'].map((data) => withHeld(data, held));
  expect(pressed('ctrl')).toEqual([
    '\x03',
    '\x04',
    '\x1b',
    '\0',
    '\x1f',
    '\x1b[1;5D',
    '\x1b[1;5A',
    null,
    null,
  ]);
  expect(pressed('alt').slice(0, 6)).toEqual(['\x1bc', '\x1bD', '\x1b[', '\x1b ', '\x1b/', '\x1b[1;3D']);
  expect(pressed('alt').at(-1)).toBeNull();
  expect(withHeld('c', null)).toBeNull();
});

it('MACHINE-117 what is hidden in a paste is left out: it ends no paste and presses no key', () => {
  expect(pastedText('ls\x1b[201~\nrm -rf x\x03\r\n\tend\x9b201~ é 😀\x7f')).toBe(
    'ls[201~\nrm -rf x\r\n\tend201~ é 😀',
  );
});

it('MACHINE-116 a program offers text for the clipboard, and learns nothing of it', () => {
  const offer = (text: string) => copiedText(`c;${Buffer.from(text).toString('base64')}`);
  expect(offer('grüße 😀')).toBe('grüße 😀');
  expect(offer('x'.repeat(1024 * 1024))).toHaveLength(1024 * 1024);
  for (const nonsense of ['', 'c', 'c;', 'c;?', 'c;!', `c;${Buffer.from([0xff]).toString('base64')}`])
    expect(copiedText(nonsense)).toBeNull();
  expect(offer('x'.repeat(1024 * 1024 + 10))).toBeNull();
});

it('SESSION-112 preferences that make no sense are the usual ones', () => {
  const usual = { fontPx: 14, colours: 'dark', isSpoken: false, copying: 'ask' };
  for (const stored of [null, 3, 'x', {}, { fontPx: 400, colours: 'red', isSpoken: 1, copying: true }])
    expect(readPreferences(stored)).toEqual(usual);
  const own = { fontPx: 20, colours: 'page', isSpoken: true, copying: 'always' };
  expect(readPreferences(own)).toEqual(own);
});
