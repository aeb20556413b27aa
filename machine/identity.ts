import { readFileSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

export type Identity = { uid: number; gid: number; home: string; name: string };

/** Returns whether every user may enter the folders above a path: only then can shells work there as another user. */
export function isReachable(path: string): boolean {
  const folder = dirname(resolve(path));
  const mode = statSync(folder, { throwIfNoEntry: false })?.mode ?? 0o001;
  return (mode & 0o001) !== 0 && (folder === dirname(folder) || isReachable(folder));
}

/** Returns the user that shells run as: the image's ordinary user when the agent runs as root; null to keep the agent's user. */
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
