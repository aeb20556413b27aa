import type { ChildProcess } from 'node:child_process';
import { isRunning, type ProcessExit, readExit } from './machine-process';
import { killLeftovers, sendSignal } from './process-table';
import type { MachineRecord } from './records';
import type { World } from './world';

const pollMs = 50;

/** Detects the end of every machine process, whether this process started or adopted it. */
export class ExitWatch {
  private readonly watched = new Map<string, MachineRecord>();
  private readonly adopted = new Map<string, MachineRecord>();
  private readonly swept = new Set<string>();
  private readonly poll: ReturnType<typeof setInterval>;

  constructor(
    private readonly world: World,
    private readonly onExit: (machine: MachineRecord, exit: ProcessExit) => void,
  ) {
    world.markWatching();
    let beats = 0;
    this.poll = setInterval(() => {
      if (beats++ % 10 === 0) world.markWatching();
      this.lookAtAdopted();
    }, pollMs);
  }

  /** Watches a process that this process started. */
  own(machine: MachineRecord, child: ChildProcess): void {
    this.watched.set(machine.id, machine);
    child.once('exit', () => this.ended(machine, Date.now(), true));
  }

  /**
   * Watches a process of an earlier cloud. For a process that died without recording an exit, `watchedAt` counts as
   * the end, as if the host had gone down with the cloud.
   */
  adopt(machine: MachineRecord, watchedAt: number): void {
    this.watched.set(machine.id, machine);
    if (machine.process && isRunning(machine.process)) {
      this.adopted.set(machine.id, machine);
    } else this.ended(machine, watchedAt, false);
  }

  private lookAtAdopted(): void {
    for (const [id, machine] of this.adopted) {
      if (machine.process && isRunning(machine.process)) continue;
      this.adopted.delete(id);
      this.ended(machine, Date.now(), true);
    }
  }

  /** `groupKnown`: no other process can have reused the group id since the end. */
  private ended(machine: MachineRecord, unseenAt: number, groupKnown: boolean): void {
    if (!this.watched.delete(machine.id) || !machine.process) return;
    const dir = this.world.machineStore.dirOf(machine.id);
    const exit = readExit(dir);
    if (groupKnown) sendSignal(-machine.process.groupId, 'SIGKILL');
    this.sweepSoon(machine.id);
    this.onExit(machine, exit ?? { code: 137, at: unseenAt });
  }

  private sweepSoon(id: string): void {
    if (this.swept.size === 0) setImmediate(() => this.sweep());
    this.swept.add(id);
  }

  private sweep(): void {
    killLeftovers(this.swept);
    this.swept.clear();
  }

  /** Resolves when no watched process is left, or after `withinMs`. */
  async allExited(withinMs: number): Promise<void> {
    const until = Date.now() + withinMs;
    while (this.watched.size > 0 && Date.now() < until) await new Promise((done) => setTimeout(done, 10));
    this.sweep();
  }

  close(): void {
    clearInterval(this.poll);
    this.watched.clear();
    this.world.markWatching();
  }
}
