import { readdirSync, readFileSync } from 'node:fs';

export type Process = {
  pid: number;
  name: string;
  parent: number;
  session: number;
  isAlive: boolean;
  /** Processor time in ms, including that of children the process has waited for. */
  cpuMs: number;
};

/** Linux counts processor time for user space in hundredths of a second. */
const TICK_MS = 10;

/** Returns the process in one line of `/proc/<pid>/stat`; null when the line is malformed. */
export function parseStat(text: string): Process | null {
  // The name in parentheses may hold anything, so fields are counted from the last parenthesis.
  const end = text.lastIndexOf(')');
  const fields = text.slice(end + 2).split(' ');
  const number = (index: number) => Number(fields[index]);
  const ticks = number(11) + number(12) + number(13) + number(14);
  if (end < 0 || !Number.isFinite(ticks)) return null;
  return {
    pid: Number.parseInt(text, 10),
    name: text.slice(text.indexOf('(') + 1, end),
    parent: number(1),
    session: number(3),
    isAlive: fields[0] !== 'Z' && fields[0] !== 'X',
    cpuMs: ticks * TICK_MS,
  };
}

/** Returns every process of this computer; empty where the system does not show them. */
export function readProcesses(folder = '/proc'): Process[] {
  return listOf(folder)
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        return parseStat(readFileSync(`${folder}/${pid}/stat`, 'latin1')) ?? [];
      } catch {
        return []; // ended meanwhile
      }
    });
}

function listOf(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/**
 * Returns the shells and the processes they started: those below a shell, those in a shell's terminal session, and those
 * that lost their parent and were adopted by the agent's parent.
 */
export function processesOf(
  all: readonly Process[],
  shells: ReadonlySet<number>,
  self: { pid: number; parent: number },
): Process[] {
  const children = new Map<number, Process[]>();
  for (const one of all) children.set(one.parent, [...(children.get(one.parent) ?? []), one]);
  const found = new Map<number, Process>();
  const add = (one: Process) => {
    if (found.has(one.pid) || one.pid === self.pid) return;
    found.set(one.pid, one);
    for (const child of children.get(one.pid) ?? []) add(child);
  };
  for (const one of all) if (shells.has(one.pid) || shells.has(one.session)) add(one);
  // The image's init process adopts every process that lost its parent, and each of them was started from a shell.
  const isImage = all.some(({ pid, name }) => pid === self.parent && name === 'tini');
  for (const one of isImage ? (children.get(self.parent) ?? []) : []) add(one);
  return [...found.values()];
}
