import { expect, it } from 'vitest';
import { hostOf } from './listening';

it.each([
  ['00000000', '127.0.0.1'],
  ['0100007F', '127.0.0.1'],
  ['0205A8C0', '192.168.5.2'],
  ['00000000000000000000000000000000', '127.0.0.1'],
  ['00000000000000000000000001000000', '0:0:0:0:0:0:0:1'],
  ['0000000000000000FFFF00000100007F', '127.0.0.1'],
])('MACHINE-170 a socket at %s of the kernel is reached at %s', (hex, host) => {
  expect(hostOf(hex)).toBe(host);
});
