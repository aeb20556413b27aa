import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { join, resolve } from 'node:path';
import { readStartMark, sendSignal } from './process-table';
import type { Behaviour, ProcessRecord } from './records';

/**
 * Shell that supervises a machine's main process in the same process group. The shell survives every stop signal but
 * SIGKILL, and writes the exit code when the main process ends. The time of that file is the instant of the exit,
 * even while the cloud is down.
 */
const supervisor = `trap : HUP INT QUIT TERM USR1 USR2
sh -c "$2" "$1"
code=$?
echo $code >"$1/exit"`;

export interface ProcessExit {
  code: number;
  at: number;
}

export interface MachineProcess extends ProcessRecord {
  startedAt: number;
  child: ChildProcess;
}

/** Returns a loopback port that was free at the time of the call. */
export function findFreePort(): Promise<number> {
  return new Promise((done, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => done(typeof address === 'object' && address ? address.port : 0));
    });
  });
}

/** Returns the command with the paths of existing files made absolute, because a machine runs in its own directory. */
export function anchorCommand(command: string, base: string): string {
  return command.replace(
    /(^|\s)(\.{0,2}[\w.-]*(?:\/[\w.-]+)+)(?=\s|$)/g,
    (all, space: string, path: string) =>
      path.startsWith('/') || !existsSync(resolve(base, path)) ? all : `${space}'${resolve(base, path)}'`,
  );
}

/** Returns the command for a behaviour. Most behaviours run the real command. */
export function commandFor(behaviour: Behaviour, machineCommand: string): string {
  if (behaviour.kind === 'silent') return 'exec sleep 100000000';
  if (behaviour.kind === 'stubborn') return "trap '' HUP INT TERM; exec sleep 100000000";
  if (behaviour.kind === 'crash') return `sleep ${(behaviour.bootDelayMs ?? 100) / 1000}; exit 1`;
  return `exec ${machineCommand}`;
}

/** Starts the machine's process in its own group and directory. Throws when the process cannot be started. */
export function startProcess(dir: string, command: string, env: Record<string, string>): MachineProcess {
  for (const name of ['exit', 'main.pid']) rmSync(join(dir, name), { force: true });
  mkdirSync(env.HOME as string, { recursive: true });
  const log = openSync(join(dir, 'log'), 'a');
  const main = `echo $$ >"$0/main.pid"; ${command}`;
  const child = spawn('/bin/sh', ['-c', supervisor, 'machine', dir, main], {
    cwd: env.HOME,
    env: env as NodeJS.ProcessEnv,
    detached: true,
    stdio: ['ignore', log, log],
  });
  const startedAt = Date.now();
  closeSync(log);
  child.on('error', () => {});
  if (child.pid === undefined) throw new Error('The machine process could not be started.');
  child.unref();
  return { groupId: child.pid, startMark: readStartMark(child.pid) ?? '', startedAt, child };
}

/** Returns the pid of the machine's main process, or null before its start. */
export function readMainPid(dir: string): number | null {
  try {
    return Number.parseInt(readFileSync(join(dir, 'main.pid'), 'utf8'), 10) || null;
  } catch {
    return null;
  }
}

/** Returns the exit that the supervisor recorded, or null. */
export function readExit(dir: string): ProcessExit | null {
  try {
    const text = readFileSync(join(dir, 'exit'), 'utf8');
    if (!/^\d+\n$/.test(text)) return null;
    return { code: Number.parseInt(text, 10), at: Math.floor(statSync(join(dir, 'exit')).mtimeMs) };
  } catch {
    return null;
  }
}

/** Returns whether the supervisor of this record is still running. */
export function isRunning(record: ProcessRecord): boolean {
  return readStartMark(record.groupId) === record.startMark && record.startMark !== '';
}

/**
 * Signals the main process, like Fly signals the entrypoint. Retries for up to a second, because the main process
 * may not have started yet. Returns whether the signal was sent.
 */
export async function signalMain(
  dir: string,
  record: ProcessRecord,
  signal: string | number,
): Promise<boolean> {
  for (let i = 0; i < 100 && isRunning(record); i++) {
    const pid = readMainPid(dir);
    if (pid !== null) return sendSignal(pid, signal as NodeJS.Signals);
    await new Promise((done) => setTimeout(done, 10));
  }
  return false;
}
