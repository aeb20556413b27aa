/** Placeholder origin: a path that resolves to another origin leads to another site. */
const PLACEHOLDER_ORIGIN = 'http://here';

/**
 * Returns the value as a path of this site, or null when a browser would leave the site: browsers drop tabs and line
 * ends, read a backslash as a slash, and resolve dots until two slashes stand at the beginning. Pure.
 */
export function localPath(value: string | null | undefined): string | null {
  if (!value?.startsWith('/') || /[\p{Cc}\\]/u.test(value) || !URL.canParse(value, PLACEHOLDER_ORIGIN))
    return null;
  const { origin, pathname, search, hash } = new URL(value, PLACEHOLDER_ORIGIN);
  return origin === PLACEHOLDER_ORIGIN && !pathname.startsWith('//') ? `${pathname}${search}${hash}` : null;
}
