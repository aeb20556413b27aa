import { readFileSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

export type Identity = { uid: number; gid: number; home: string; name: string };

/** True when everybody may enter the folders above a path: only then is another user of use there. */
export function isReachable(path: string): boolean {
  const folder = dirname(resolve(path));
  const mode = statSync(folder, { throwIfNoEntry: false })?.mode ?? 0o001;
  return (mode & 0o001) !== 0 && (folder === dirname(folder) || isReachable(folder));
}

/** Whom shells run as: the image's ordinary user when the agent itself runs as root; null to stay who we are. */
export function shellIdentity(
  name: string | undefined,
  uid: number | undefined,
  passwd = '/etc/passwd',
): Identity | null {
  if (!name || uid !== 0) return null;
  const line = readFileSync(passwd, 'utf8')
    .split('\n')
    .find((entry) => entry.startsWith(`${name}:`));
  const [, , id, group, , home] = line?.split(':') ?? [];
  return id && group && home ? { uid: Number(id), gid: Number(group), home, name } : null;
}
