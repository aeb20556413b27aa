import { expect, it } from 'vitest';
import { isLoopback } from './loopback';

it.each([
  'http://localhost:3000',
  'http://app.localhost',
  'https://127.0.0.1',
  'http://127.8.0.3:1',
  'http://[::1]:3000',
])('ACCOUNT-28 only this computer reaches %s', (url) => expect(isLoopback(url)).toBe(true));

it.each([
  'https://hourglass.example',
  'http://localhost.example',
  'http://127.0.0.1.example',
  'http://notlocalhost',
  'http://10.0.0.1',
  'http://0.0.0.0:3000',
  'http://192.168.1.2',
])('ACCOUNT-28 others may reach %s', (url) => expect(isLoopback(url)).toBe(false));
