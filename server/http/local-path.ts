/** No site but this one: what is read against it and leaves it leads elsewhere. */
const HERE = 'http://here';

/**
 * A path of this site as a browser would read it, or null for anything that leads elsewhere: browsers drop tabs and line
 * ends, take a backslash for a slash, and walk up dots until two slashes stand at the beginning. Pure.
 */
export function localPath(value: string | null | undefined): string | null {
  if (!value?.startsWith('/') || /[\p{Cc}\\]/u.test(value) || !URL.canParse(value, HERE)) return null;
  const { origin, pathname, search, hash } = new URL(value, HERE);
  return origin === HERE && !pathname.startsWith('//') ? `${pathname}${search}${hash}` : null;
}
