import { cpSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '@/scripts/stack-part';

/** Keeps the logs of the last run's processes and machines in a folder below `.hourglass/chaos`. */
export function keepLogs(dir: string, name: string): void {
  const kept = join(ROOT, '.hourglass/chaos', name);
  rmSync(kept, { recursive: true, force: true });
  const wanted = /\/(home|workspace|volumes|apps|redis|stripe)(\/|$)/;
  cpSync(dir, kept, { recursive: true, filter: (path) => !wanted.test(path.slice(dir.length)) });
}

/** Kills the machines, which outlive their cloud: every process whose environment names this folder. */
export function killMachines(dir: string): void {
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      if (
        Number(pid) !== process.pid &&
        readFileSync(`/proc/${pid}/environ`, 'latin1').includes(`=${dir}/cloud/`)
      )
        process.kill(Number(pid), 'SIGKILL');
    } catch {
      // The process has ended, or is not readable.
    }
  }
}
