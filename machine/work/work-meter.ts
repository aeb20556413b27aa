import type { Printed } from './printed';
import { type Process, processesOf, readProcesses } from './processes';

/** A terminal as the meter sees it. */
export type Shell = { pid: number; takePrinted(): Printed };

/** Less than this part of one processor is what a program uses that only waits. */
const WAITING_PART = 0.03;

type Look = { at: number; cpuMs: number; shells: Set<number>; busy: Set<number>; drew: Set<number> };

/**
 * Tells whether commands of the terminals work: they use the processor, or write lines, or keep drawing. A shell at its
 * prompt, a program that waits, and one that only asks the terminal something do not.
 */
export class WorkMeter {
  private last: Look | null = null;

  constructor(
    private readonly read: () => Process[] = readProcesses,
    private readonly self = { pid: process.pid, parent: process.ppid },
  ) {}

  /** Looks once; returns when something last worked since the look before, or null. */
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

/** The start of a shell is not work: the first look after it only counts from there. */
function isComputing(before: Look, look: Look): boolean {
  if ([...look.shells].some((pid) => !before.shells.has(pid))) return false;
  return look.cpuMs - before.cpuMs > WAITING_PART * (look.at - before.at);
}
