import { describe, expect, it } from 'vitest';
import { clientAddress, PEER_HEADER } from './address';

const from = (peer: string, forwarded: string | null, proxies: number): string =>
  clientAddress(
    new Headers({ [PEER_HEADER]: peer, ...(forwarded === null ? {} : { 'x-forwarded-for': forwarded }) }),
    proxies,
  );

describe('the address that attempts are counted under', () => {
  it.each([
    ['without proxies the header is ignored', '10.0.0.9', '1.2.3.4', 0, '10.0.0.9'],
    ['one proxy wrote the last entry', '10.0.0.9', '6.6.6.6, 1.2.3.4', 1, '1.2.3.4'],
    ['two proxies wrote the last two', '10.0.0.9', '6.6.6.6, 1.2.3.4, 10.0.0.8', 2, '1.2.3.4'],
    ['fewer entries than proxies', '10.0.0.9', null, 2, '10.0.0.9'],
    ['an IPv4 address in IPv6 clothes', '::ffff:10.0.0.9', null, 0, '10.0.0.9'],
    ['a network of IPv6', '2001:DB8:0:1:aaaa::7', null, 0, '2001:db8:0:1::'],
    ['another address of the same network', '2001:db8:0:1:bbbb:1:2:3', null, 0, '2001:db8:0:1::'],
    ['a short address of IPv6', '::1', null, 0, '0:0:0:0::'],
    ['nonsense, cut', '10.0.0.9', 'x'.repeat(500), 1, 'x'.repeat(45)],
  ])('ACCOUNT-18 %s', (_, peer, forwarded, proxies, expected) =>
    expect(from(peer, forwarded, proxies)).toBe(expected),
  );
});
