import { expect, it } from 'vitest';
import { bearerOf } from './bearer';

it.each([
  [null, null],
  ['Basic c3RhZ2luZzpzZWNyZXQ=', null],
  ['Digest username="a"', null],
  ['Bearerhg_1', null],
  ['Bearer hg_1', 'hg_1'],
  ['bearer hg_1', 'hg_1'],
  ['BEARER   hg_1', 'hg_1'],
  ['Bearer', ''],
  ['Bearer a b', ''],
])('ACCOUNT-39 only the Bearer scheme of the Authorization header is read: %j', (header, key) => {
  expect(bearerOf(new Headers(header === null ? {} : { authorization: header }))).toBe(key);
});
