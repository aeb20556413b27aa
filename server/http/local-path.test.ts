import { expect, it } from 'vitest';
import { localPath } from './local-path';

it.each([
  '/\t/evil.example',
  '/\n/evil.example',
  '/\r/evil.example',
  '\t//evil.example',
  '//evil.example',
  '/\\evil.example',
  '/\\\\evil.example',
  '\\\\evil.example',
  '/.//evil.example',
  '/..//evil.example',
  '/a/../..//evil.example',
  '/%2e%2e//evil.example',
  'https://evil.example',
  'http://here/plans',
  'javascript:alert(1)',
  '/a\u0000b',
  'plans',
  '',
  null,
  undefined,
])('BILLING-18 a return path that leads to another site is refused: %j', (value) =>
  expect(localPath(value)).toBeNull(),
);

it.each([
  ['/', '/'],
  ['/dashboard', '/dashboard'],
  ['/sessions/a-1?tab=2&x=%2F%2Fy', '/sessions/a-1?tab=2&x=%2F%2Fy'],
  ['/billing/upgrade?plan=pro&from=/plans#prices', '/billing/upgrade?plan=pro&from=/plans#prices'],
  ['/plans?next=https://elsewhere.example', '/plans?next=https://elsewhere.example'],
  ['/a b', '/a%20b'],
])('BILLING-18 a path of this site is kept: %s', (value, kept) => expect(localPath(value)).toBe(kept));
