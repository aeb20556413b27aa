import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';

const linux = existsSync('/proc/self/stat');

/** Returns the start time of a process, which distinguishes a reused pid, or null for a dead process. */
export function readStartMark(pid: number): string | null {
  if (!linux) return readStartMarkFromPs(pid);
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The command in parentheses may contain spaces, so fields are counted after it.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' ? null : (fields[19] ?? null);
  } catch {
    return null;
  }
}

function readStartMarkFromPs(pid: number): string | null {
  try {
    return execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim() || null;
  } catch {
    return null;
  }
}

/** Sends a signal. Returns false when the signal cannot be sent, for example to a dead process. */
export function sendSignal(pid: number, signal: NodeJS.Signals | number): boolean {
  try {
    process.kill(pid, signal);
    return true;
  } catch {
    return false;
  }
}

function machineOf(pid: string): string | null {
  try {
    const environ = `\0${readFileSync(`/proc/${pid}/environ`, 'latin1')}`;
    return /\0FLY_MACHINE_ID=([0-9a-f]+)/.exec(environ)?.[1] ?? null;
  } catch {
    return null;
  }
}

/**
 * Kills every process started inside the given machines, like the end of a real machine. This includes processes
 * that left the process group, such as a shell on a terminal.
 */
export function killLeftovers(machineIds: ReadonlySet<string>): void {
  if (!linux || machineIds.size === 0) return;
  for (let round = 0; round < 5; round++) {
    let found = false;
    for (const pid of readdirSync('/proc')) {
      if (!/^\d+$/.test(pid)) continue;
      const machine = machineOf(pid);
      if (machine && machineIds.has(machine) && readStartMark(Number(pid)) !== null) {
        found = sendSignal(Number(pid), 'SIGKILL') || found;
      }
    }
    if (!found) return;
  }
}
