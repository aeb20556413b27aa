import { expect, it } from 'vitest';
import {
  crumbsOf,
  encodeName,
  encodePath,
  formatSize,
  imageTypeOf,
  parentOf,
  shownPath,
  textOf,
} from './paths';

it('MACHINE-133 paths of a page survive any name', () => {
  expect(encodePath('/a b/ü%/c/')).toBe('a%20b/%C3%BC%25/c');
  expect(shownPath('a%20b/%FFx/%25')).toBe('a b/%FFx/%');
  expect(encodeName('..')).toBe('%2E%2E');
  expect(parentOf('a/b/c')).toBe('a/b');
  expect(parentOf('a')).toBe('');
  expect(crumbsOf('a%20b/c')).toEqual([
    { path: '', name: 'workspace' },
    { path: 'a%20b', name: 'a b' },
    { path: 'a%20b/c', name: 'c' },
  ]);
});

it('MACHINE-144 sizes and kinds are told as people read them', () => {
  expect([0, 999, 1_000, 12_345, 999_999_999, 2_000_000_000].map(formatSize)).toEqual([
    '0 B',
    '999 B',
    '1.0 kB',
    '12.3 kB',
    '1000 MB',
    '2.0 GB',
  ]);
  expect(imageTypeOf('photo.JPG')).toBe('image/jpeg');
  expect(imageTypeOf('png')).toBe('image/png');
  expect(imageTypeOf('notes.txt')).toBeNull();
  const bytes = (text: string) => new TextEncoder().encode(text);
  expect(textOf(bytes('hé'), false)).toBe('hé');
  expect(textOf(bytes('hé').subarray(0, 2), true)).toBe('h');
  expect(textOf(bytes('hé').subarray(0, 2), false)).toBeNull();
  expect(textOf(new Uint8Array([65, 0, 66]), false)).toBeNull();
});
