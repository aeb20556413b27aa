import { isIPv6 } from 'node:net';

/** The header under which the web notes who is at the other end of a connection; whatever a client writes there is replaced. */
export const PEER_HEADER = 'x-hourglass-peer';
/** The header under which routes hand on the client's address, once it is known. */
export const ADDRESS_HEADER = 'x-hourglass-address';

/**
 * The address that tries are counted under. `x-forwarded-for` is believed only as far as our own proxies wrote it: each
 * adds the address it was called from at the end, so whatever a client wrote there itself stands further left. Without
 * proxies the other end of the connection counts and the header is ignored.
 */
export function clientAddress(headers: Headers, trustedProxies: number): string {
  const peer = headers.get(PEER_HEADER) || 'unknown';
  const forwarded = (headers.get('x-forwarded-for') ?? '').split(',').map((text) => text.trim());
  const hops = [...forwarded.filter((text) => text !== ''), peer];
  return networkOf(hops[Math.max(0, hops.length - 1 - trustedProxies)] ?? peer);
}

/** One customer of a network provider has a whole /64 of IPv6 and would otherwise have as many tries. */
function networkOf(address: string): string {
  const plain = address
    .slice(0, 45)
    .toLowerCase()
    .replace(/^::ffff:(?=\d+\.)/, '');
  if (!isIPv6(plain)) return plain;
  const [head = '', tail] = (plain.split('%')[0] ?? '').split('::');
  const groups = head === '' ? [] : head.split(':');
  const after = tail === undefined || tail === '' ? [] : tail.split(':');
  const filled =
    tail === undefined ? groups : [...groups, ...Array(8 - groups.length - after.length).fill('0'), ...after];
  return `${filled
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':')}::`;
}
