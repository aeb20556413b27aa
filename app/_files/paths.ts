/** Paths in the format of the machine: percent-encoded parts, separated by `/`. */

export const encodeName = (name: string): string =>
  // Encoded too, because `.` and `..` have a meaning in a path.
  encodeURIComponent(name).replace(/^\.{1,2}$/, (dots) => dots.replaceAll('.', '%2E'));

export const joinPath = (folder: string, name: string): string =>
  folder === '' ? name : `${folder}/${name}`;

/** Returns a typed path encoded; leading and trailing slashes are ignored. */
export const encodePath = (text: string): string => text.split('/').filter(Boolean).map(encodeName).join('/');

/** Returns a path decoded for display; parts that are not valid UTF-8 stay encoded. */
export function shownPath(path: string): string {
  return path
    .split('/')
    .map((part) => {
      try {
        return decodeURIComponent(part);
      } catch {
        return part;
      }
    })
    .join('/');
}

export const parentOf = (path: string): string => path.split('/').slice(0, -1).join('/');

/** Returns the folders that lead to a path, the workspace first. */
export function crumbsOf(path: string): { path: string; name: string }[] {
  const parts = path === '' ? [] : path.split('/');
  return [
    { path: '', name: 'workspace' },
    ...parts.map((part, index) => ({ path: parts.slice(0, index + 1).join('/'), name: shownPath(part) })),
  ];
}

/** Returns a size such as `3.4 MB`, in powers of 1000. */
export function formatSize(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  const power = Math.min(units.length - 1, Math.max(0, Math.floor(Math.log10(Math.max(1, bytes)) / 3)));
  const value = bytes / 1000 ** power;
  return `${power === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[power]}`;
}

const IMAGES: Record<string, string> = {
  png: 'image/png',
  jpg: 'image/jpeg',
  jpeg: 'image/jpeg',
  gif: 'image/gif',
  webp: 'image/webp',
  avif: 'image/avif',
  svg: 'image/svg+xml',
  ico: 'image/x-icon',
};

/** Returns the type of an image from its name, or null. */
export const imageTypeOf = (name: string): string | null =>
  IMAGES[name.split('.').pop()?.toLowerCase() ?? ''] ?? null;

/** Returns the text of `bytes`, or null for binary data. When `isCut`, the last character may be incomplete. */
export function textOf(bytes: Uint8Array, isCut: boolean): string | null {
  if (bytes.subarray(0, 8_192).includes(0)) return null;
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes, { stream: isCut });
  } catch {
    return null;
  }
}
