import { rmSync } from 'node:fs';

const TRIES = 50;
const PAUSE_MS = 20;

/**
 * Removes a folder into which processes that are ending may still write, such as a shell its history. `rmSync` does not repeat
 * its own listing for them. Throws when the folder is still there after a second.
 */
export function removeFolder(folder: string): void {
  for (let left = TRIES; ; left--) {
    try {
      return rmSync(folder, { recursive: true, force: true });
    } catch (error) {
      if (left === 0) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PAUSE_MS);
    }
  }
}
