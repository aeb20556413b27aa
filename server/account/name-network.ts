import { isIPv6 } from 'node:net';

/**
 * Returns an address as a person reads it: of IPv6 the /64 that is kept of it, and words for the computer itself. Null when
 * none was seen. Pure.
 */
export function nameNetwork(address: string | null): string | null {
  if (!address || address === 'unknown') return null;
  if (/^127\./.test(address) || /^[0:]+1?$/.test(address)) return 'This computer';
  if (!isIPv6(address)) return address;
  const groups = address.split('::')[0]?.split(':').slice(0, 4) ?? [];
  return `${groups.map((group) => group.replace(/^0+(?=.)/, '')).join(':')}::/64`;
}
