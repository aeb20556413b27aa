import { type ChildProcess, spawn } from 'node:child_process';
import { ROOT } from '@/scripts/stack-part';

/** Starts Node with these arguments and adds the process to `children`, which the caller ends. */
export function startProcess(
  children: ChildProcess[],
  args: string[],
  env: Record<string, string>,
): ChildProcess {
  const child = spawn(process.execPath, args, {
    cwd: ROOT,
    env: { ...process.env, TZ: 'UTC', ...env },
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  children.push(child);
  return child;
}
