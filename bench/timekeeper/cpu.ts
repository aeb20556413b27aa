import { readdirSync, readFileSync } from 'node:fs';

const TICKS_PER_SECOND = 100;

type Stat = { parent: number; own: number; children: number };

/** CPU seconds of a process, and of the children it has already buried; null when it is gone. */
function statOf(pid: number): Stat | null {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ')
      .map(Number);
    const [parent = 0] = fields.slice(1, 2);
    const [user = 0, system = 0, buriedUser = 0, buriedSystem = 0] = fields.slice(11, 15);
    return {
      parent,
      own: (user + system) / TICKS_PER_SECOND,
      children: (buriedUser + buriedSystem) / TICKS_PER_SECOND,
    };
  } catch {
    return null;
  }
}

/** CPU seconds one process has used so far. */
export const cpuOf = (pid: number): number => statOf(pid)?.own ?? 0;

/** CPU seconds a server has used so far with all its children, the living and the buried. */
export function cpuOfTree(pid: number): number {
  const root = statOf(pid);
  const pids = readdirSync('/proc')
    .map(Number)
    .filter((other) => other > 0);
  const living = pids.map(statOf).filter((stat) => stat?.parent === pid);
  return (root?.own ?? 0) + (root?.children ?? 0) + living.reduce((sum, stat) => sum + (stat?.own ?? 0), 0);
}

/** Memory a process holds, in MB. */
export function residentMb(pid: number): number {
  const kb = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(kb) / 1024;
}
