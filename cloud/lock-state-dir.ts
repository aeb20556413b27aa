import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readStartMark } from './fly/process-table';

/**
 * Locks a state directory for this process and returns the function that unlocks it. Throws when another local cloud
 * uses the directory, because both would control the same machines.
 */
export function lockStateDir(dir: string): () => void {
  mkdirSync(dir, { recursive: true });
  const path = join(dir, 'owner.json');
  if (existsSync(path)) {
    const owner = readOwner(path);
    if (owner && readStartMark(owner.pid) === owner.startMark) {
      throw new Error(
        `Another local cloud (process ${owner.pid}) uses ${dir}: stop it or set CLOUD_STATE_DIR to another directory.`,
      );
    }
  }
  writeFileSync(path, JSON.stringify({ pid: process.pid, startMark: readStartMark(process.pid) }));
  return () => rmSync(path, { force: true });
}

function readOwner(path: string): { pid: number; startMark: string } | null {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as { pid: number; startMark: string };
  } catch {
    return null;
  }
}
