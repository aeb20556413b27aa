import { isIPv4, isIPv6 } from 'node:net';

/** Header in which the web process puts the address of the socket's peer. A value sent by the client is replaced. */
export const PEER_HEADER = 'x-hourglass-peer';
/** Header in which routes pass on the client's address once it is determined. */
export const ADDRESS_HEADER = 'x-hourglass-address';

/**
 * Returns the client address for rate limits. Trusts only the last `trustedProxies` entries of `x-forwarded-for`: each
 * proxy appends the address it was called from, so entries written by the client stand further left. With 0 the header
 * is ignored and the socket's peer is used.
 */
export function clientAddress(headers: Headers, trustedProxies: number): string {
  const peer = headers.get(PEER_HEADER) || 'unknown';
  const forwarded = (headers.get('x-forwarded-for') ?? '').split(',').map((text) => text.trim());
  const hops = [...forwarded.filter((text) => text !== ''), peer];
  return networkOf(hops[Math.max(0, hops.length - 1 - trustedProxies)] ?? peer);
}

/**
 * Returns the /64 network of an IPv6 address, other addresses unchanged: one customer of a provider usually holds a
 * whole /64.
 */
function networkOf(address: string): string {
  const plain = address
    .slice(0, 45)
    .toLowerCase()
    .replace(/^::ffff:(?=\d+\.)/, '');
  return isIPv6(plain) ? `${groupsOf(plain, 4)}::` : plain;
}

/**
 * Returns the network that one holder of many addresses usually controls: the /24 of an IPv4 address, the /48 of an
 * IPv6 address; anything else unchanged. Pure.
 */
export function widerNetworkOf(address: string): string {
  if (isIPv6(address)) return `${groupsOf(address, 3)}::/48`;
  return isIPv4(address) ? `${address.split('.').slice(0, 3).join('.')}.0/24` : address;
}

/** Returns the first groups of an IPv6 address, without leading zeros. */
function groupsOf(address: string, count: number): string {
  const [head = '', tail] = (address.split('%')[0] ?? '').split('::');
  const groups = head === '' ? [] : head.split(':');
  const after = tail === undefined || tail === '' ? [] : tail.split(':');
  const filled =
    tail === undefined ? groups : [...groups, ...Array(8 - groups.length - after.length).fill('0'), ...after];
  return filled
    .slice(0, count)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':');
}
