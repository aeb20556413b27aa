import { readdirSync, readFileSync } from 'node:fs';

const TICKS_PER_SECOND = 100;

type Stat = { parent: number; own: number; children: number };

/** Returns the CPU seconds of a process and of its ended children; null when the process has ended. */
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

/** Returns the CPU seconds one process has used so far. */
export const cpuOf = (pid: number): number => statOf(pid)?.own ?? 0;

/** Returns the CPU seconds of a server and all its children, running and ended. */
export function cpuOfTree(pid: number): number {
  const root = statOf(pid);
  const pids = readdirSync('/proc')
    .map(Number)
    .filter((other) => other > 0);
  const living = pids.map(statOf).filter((stat) => stat?.parent === pid);
  return (root?.own ?? 0) + (root?.children ?? 0) + living.reduce((sum, stat) => sum + (stat?.own ?? 0), 0);
}

/** Returns the resident memory of a process, in MB. */
export function residentMb(pid: number): number {
  const kb = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(kb) / 1024;
}
