/**
 * Returns what stands behind `Bearer` in the Authorization header, empty when nothing usable does; null without such a
 * header. Another scheme, such as the Basic of a proxy before us, counts as no header. The case of the scheme and the
 * number of blanks after it do not matter (RFC 9110, 11.4).
 */
export function bearerOf(headers: Headers): string | null {
  const [scheme = '', ...words] = (headers.get('authorization') ?? '').trim().split(/ +/);
  if (scheme.toLowerCase() !== 'bearer') return null;
  return words.length === 1 ? (words[0] ?? '') : '';
}
