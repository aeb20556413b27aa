import type { Printed } from './printed';
import { type Process, processesOf, readProcesses } from './processes';

/** A terminal as the meter sees it. */
export type Shell = { pid: number; takePrinted(): Printed };

/** A program that only waits uses less than this part of one processor. */
const WAITING_PART = 0.03;

type Look = { at: number; cpuMs: number; shells: Set<number>; busy: Set<number>; drew: Set<number> };

/**
 * Tells whether commands of the terminals work: use the processor, write lines, or keep drawing. A shell at its prompt, a
 * program that waits, and one that only queries the terminal do not work.
 */
export class WorkMeter {
  private last: Look | null = null;

  constructor(
    private readonly read: () => Process[] = readProcesses,
    private readonly self = { pid: process.pid, parent: process.ppid },
  ) {}

  /** Returns when a command last worked since the look before; null when none did, and on the first look. */
  look(shells: readonly Shell[], now: number): number | null {
    const pids = new Set(shells.map(({ pid }) => pid));
    const processes = processesOf(this.read(), pids, this.self);
    const busy = new Set(
      processes.filter(({ parent, isAlive }) => isAlive && pids.has(parent)).map(({ parent }) => parent),
    );
    const printed = shells.map((shell) => ({ pid: shell.pid, ...shell.takePrinted() }));
    const look: Look = {
      at: now,
      cpuMs: processes.reduce((sum, { cpuMs }) => sum + cpuMs, 0),
      shells: pids,
      busy,
      drew: new Set(printed.filter(({ hasText }) => hasText).map(({ pid }) => pid)),
    };
    const before = this.last;
    this.last = look;
    if (before === null) return null;
    if (isComputing(before, look)) return now;
    const works = printed.filter(
      ({ pid, hasLine, hasText }) =>
        (busy.has(pid) || before.busy.has(pid)) && (hasLine || (hasText && before.drew.has(pid))),
    );
    return works.length > 0 ? Math.max(...works.map(({ at }) => at)) : null;
  }
}

/** The start of a shell is not work: the first look after it only sets the baseline. */
function isComputing(before: Look, look: Look): boolean {
  if ([...look.shells].some((pid) => !before.shells.has(pid))) return false;
  return look.cpuMs - before.cpuMs > WAITING_PART * (look.at - before.at);
}
