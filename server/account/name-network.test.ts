import { expect, it } from 'vitest';
import { nameNetwork } from './name-network';

it.each([
  [null, null],
  ['unknown', null],
  ['203.0.113.9', '203.0.113.9'],
  ['127.0.0.1', 'This computer'],
  ['0000:0000:0000:0000:0000:0000:0000:0000', 'This computer'],
  ['0:0:0:0::', 'This computer'],
  ['2001:0db8:0001:00a2:0000:0000:0000:0000', '2001:db8:1:a2::/64'],
  ['2001:db8:1:a2::', '2001:db8:1:a2::/64'],
])('ACCOUNT-41 a network is shown in readable form: %s', (address, name) => {
  expect(nameNetwork(address)).toBe(name);
});
