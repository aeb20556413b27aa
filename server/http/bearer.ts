/**
 * Returns the token behind `Bearer` in the Authorization header: empty when it is missing or malformed, null without
 * such a header. Another scheme, such as the Basic of a proxy in front, counts as no header. Case of the scheme and
 * number of spaces do not matter (RFC 9110, 11.4).
 */
export function bearerOf(headers: Headers): string | null {
  const [scheme = '', ...words] = (headers.get('authorization') ?? '').trim().split(/ +/);
  if (scheme.toLowerCase() !== 'bearer') return null;
  return words.length === 1 ? (words[0] ?? '') : '';
}
