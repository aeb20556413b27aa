import { isIPv6 } from 'node:net';

/**
 * Returns an address for display: for IPv6 the stored /64, for this computer a phrase. Null when it is unknown. Pure.
 */
export function nameNetwork(address: string | null): string | null {
  if (!address || address === 'unknown') return null;
  if (/^127\./.test(address) || /^[0:]+1?$/.test(address)) return 'This computer';
  if (!isIPv6(address)) return address;
  const groups = address.split('::')[0]?.split(':').slice(0, 4) ?? [];
  return `${groups.map((group) => group.replace(/^0+(?=.)/, '')).join(':')}::/64`;
}
