import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { ExitWatch } from './exit-watch';
import { arrive } from './hosts';
import { machineEnv } from './machine-env';
import { describeExit, event } from './machine-event';
import {
  anchorCommand,
  commandFor,
  findFreePort,
  type ProcessExit,
  signalMain,
  startProcess,
} from './machine-process';
import { killLeftovers, sendSignal } from './process-table';
import type { MachineRecord } from './records';
import { stopRequest } from './stop-request';
import type { World } from './world';

type Timer = ReturnType<typeof setTimeout>;

const maxTimerMs = 2 ** 31 - 1;

/** Moves machines through their states and owns their processes and timers. */
export class MachineLife {
  private readonly timers = new Map<string, Timer>();
  private readonly watch: ExitWatch;
  private readonly watchedAt: number;
  private closed = false;

  constructor(private readonly world: World) {
    this.watchedAt = world.lastWatchingAt();
    this.watch = new ExitWatch(world, (machine, exit) => this.exited(machine, exit));
  }

  /** Launches a created machine. With `skipLaunch` the machine is only prepared and becomes stopped. */
  launch(machine: MachineRecord): void {
    if (machine.behaviour.kind === 'stuck_created') return;
    const slow = machine.behaviour.kind === 'slow_boot' ? (machine.behaviour.bootDelayMs ?? 10_000) : 0;
    this.later(machine, this.world.delays.createdMs + slow, () => {
      if (machine.skipLaunch) this.world.move(machine, 'stopped');
      else this.begin(machine);
    });
  }

  /** Starts a created or stopped machine: starting, then started. */
  begin(machine: MachineRecord): void {
    machine.requestedStop = false;
    this.world.move(machine, 'starting', event('start', 'starting', 'flyd'));
    this.later(machine, this.world.delays.startingMs, async () => {
      const port = await findFreePort();
      if (machine.state === 'starting' && !this.closed) this.spawn(machine, port);
    });
  }

  private spawn(machine: MachineRecord, port: number): void {
    const dir = this.world.machineStore.dirOf(machine.id);
    machine.port = port;
    try {
      const command = commandFor(machine.behaviour, anchorCommand(this.world.machineCommand, process.cwd()));
      const started = startProcess(dir, command, machineEnv(this.world, machine, port));
      machine.process = { groupId: started.groupId, startMark: started.startMark };
      machine.intervals.push({ startedAt: started.startedAt, stoppedAt: null });
      this.world.move(machine, 'started', event('start', 'started', 'flyd', null, started.startedAt));
      this.watch.own(machine, started.child);
    } catch (error) {
      process.stderr.write(`Machine ${machine.id} could not start: ${String(error)}\n`);
      this.world.move(machine, 'failed', event('launch', 'failed', 'flyd'));
      if (machine.config.auto_destroy) this.destroy(machine);
    }
  }

  /** Sends the stop signal now and SIGKILL after the timeout. A machine without a process just ends its launch. */
  stop(machine: MachineRecord, body: { signal?: string; timeout?: string | number }): void {
    const { signal, timeoutMs } = stopRequest(machine.config, body);
    machine.requestedStop = true;
    const killAt = Date.now() + timeoutMs;
    machine.killAt = Math.min(machine.killAt ?? killAt, killAt);
    if (machine.state !== 'stopping') this.world.move(machine, 'stopping', event('stop', 'stopping', 'user'));
    if (!machine.process) {
      this.rest(machine);
      return;
    }
    this.signal(machine, signal);
    this.armKill(machine);
  }

  /** Kills the machine at once and destroys it, in any state. */
  destroy(machine: MachineRecord): void {
    if (machine.state === 'destroyed') return;
    machine.destroyRequested = true;
    if (machine.state !== 'destroying') {
      this.world.move(machine, 'destroying', event('destroy', 'destroying', 'user'));
    }
    if (machine.process) this.kill(machine);
    else this.later(machine, this.world.delays.destroyMs, () => this.destroyed(machine));
  }

  /** Moves a running machine to another host: stops the machine by its stop_config and starts it there. */
  migrate(machine: MachineRecord, forget: boolean): void {
    machine.moving = { forget };
    const { signal, timeoutMs } = stopRequest(machine.config, {});
    machine.killAt = Date.now() + timeoutMs;
    this.world.move(machine, 'stopping', event('stop', 'stopping', 'flyd'));
    this.signal(machine, signal);
    this.armKill(machine);
  }

  /** Sends a signal to the main process of a running machine. */
  signal(machine: MachineRecord, signal: string | number): void {
    if (!machine.process) return;
    void signalMain(this.world.machineStore.dirOf(machine.id), machine.process, signal);
  }

  private kill(machine: MachineRecord): void {
    const record = machine.process;
    if (!record) return;
    // A main process that never began has no pid to signal, so the whole group is killed.
    void signalMain(this.world.machineStore.dirOf(machine.id), record, 'SIGKILL').then((sent) => {
      if (!sent && machine.process === record) sendSignal(-record.groupId, 'SIGKILL');
    });
  }

  private armKill(machine: MachineRecord): void {
    this.later(machine, (machine.killAt ?? 0) - Date.now(), () => this.kill(machine));
  }

  private exited(machine: MachineRecord, exit: ProcessExit): void {
    const interval = machine.intervals.at(-1);
    const at = notBefore(exit.at, machine.events.at(-1)?.timestamp ?? 0, interval?.startedAt ?? 0);
    if (interval) interval.stoppedAt = at;
    machine.process = null;
    machine.killAt = null;
    const restarting = this.willRestart(machine, exit.code);
    const request = describeExit(machine, { code: exit.code, at }, restarting);
    if (machine.moving && !machine.destroyRequested && !machine.requestedStop) {
      this.world.move(machine, 'stopped', event('exit', 'stopped', 'flyd', request, at));
      this.later(machine, this.world.delays.moveMs, () => this.arrived(machine));
    } else if (restarting) {
      this.restart(machine, event('exit', 'stopped', 'flyd', request, at));
    } else if (machine.destroyRequested || machine.config.auto_destroy) {
      this.world.move(machine, 'destroying', event('exit', 'stopped', 'flyd', request, at));
      this.later(machine, this.world.delays.destroyMs, () => this.destroyed(machine));
    } else {
      this.world.move(machine, 'stopped', event('exit', 'stopped', 'flyd', request, at));
      this.cancel(machine);
    }
  }

  private arrived(machine: MachineRecord): void {
    const forget = machine.moving?.forget ?? false;
    machine.moving = null;
    arrive(this.world, machine, forget);
    this.begin(machine);
  }

  private willRestart(machine: MachineRecord, code: number): boolean {
    if (this.closed || machine.requestedStop || machine.destroyRequested) return false;
    const { policy = 'on-failure', max_retries: most = 10 } = machine.config.restart ?? {};
    if (policy === 'no' || (policy === 'on-failure' && code === 0)) return false;
    return policy === 'always' || machine.restartCount < most;
  }

  private restart(machine: MachineRecord, exit: ReturnType<typeof event>): void {
    machine.restartCount += 1;
    this.world.move(machine, 'starting', exit);
    this.later(machine, this.world.delays.restartMs, () => this.begin(machine));
  }

  /** Ends a machine without a process: destroys the machine with `auto_destroy`, otherwise marks it stopped. */
  private rest(machine: MachineRecord): void {
    machine.killAt = null;
    if (machine.config.auto_destroy) {
      this.destroy(machine);
    } else {
      this.cancel(machine);
      this.world.move(machine, 'stopped');
    }
  }

  private destroyed(machine: MachineRecord): void {
    const dir = this.world.machineStore.dirOf(machine.id);
    for (const name of ['home', 'workspace']) rmSync(join(dir, name), { recursive: true, force: true });
    this.world.move(machine, 'destroyed', event('destroy', 'destroyed', 'flyd'));
    this.cancel(machine);
    this.releaseLater(machine.id);
  }

  private releaseLater(machineId: string): void {
    const timer = setTimeout(() => {
      if (this.closed) return;
      for (const volume of this.world.volumes.values()) {
        if (volume.attachedMachineId !== machineId) continue;
        volume.attachedMachineId = null;
        this.world.saveVolume(volume);
      }
    }, this.world.delays.releaseVolumeMs);
    timer.unref();
  }

  /** Resumes every machine of an earlier cloud in its state: running, ended meanwhile, or between two states. */
  restore(): void {
    const machines = [...this.world.machines.values()];
    // After a crash between a process start and its save, the process has no record.
    killLeftovers(new Set(machines.filter((machine) => !machine.process).map((machine) => machine.id)));
    for (const machine of machines) {
      if (machine.state === 'destroyed') this.releaseLater(machine.id);
      else if (machine.process) this.adopt(machine);
      else if (machine.moving && machine.state === 'stopped') this.arrived(machine);
      else if (machine.state === 'created') this.launch(machine);
      else if (machine.state === 'starting') this.begin(machine);
      else if (machine.state === 'stopping') this.rest(machine);
      else if (machine.state === 'destroying') this.destroy(machine);
    }
  }

  private adopt(machine: MachineRecord): void {
    this.watch.adopt(machine, this.watchedAt);
    if (machine.state === 'destroying') this.kill(machine);
    if (machine.state === 'stopping') this.armKill(machine);
  }

  /** Clears all timers. With `killAll`, kills every machine and resolves when the exits are recorded, or after 5 s. */
  async close(killAll: boolean): Promise<void> {
    this.closed = true;
    for (const timer of this.timers.values()) clearTimeout(timer);
    this.timers.clear();
    if (killAll) {
      for (const machine of this.world.machines.values()) if (machine.process) this.kill(machine);
      await this.watch.allExited(5000);
      for (const machine of this.world.machines.values()) {
        if (machine.state === 'destroying') this.destroyed(machine);
      }
    }
    for (const timer of this.timers.values()) clearTimeout(timer);
    this.watch.close();
  }

  private later(machine: MachineRecord, ms: number, act: () => unknown): void {
    this.cancel(machine);
    this.timers.set(machine.id, setTimeout(act, Math.min(Math.max(0, ms), maxTimerMs)));
  }

  private cancel(machine: MachineRecord): void {
    clearTimeout(this.timers.get(machine.id));
    this.timers.delete(machine.id);
  }
}

/**
 * Returns the instant of an exit in milliseconds, never before the event that caused it: file times advance in steps
 * of a few milliseconds.
 */
function notBefore(exitAt: number, lastEventAt: number, startedAt: number): number {
  const at = lastEventAt - exitAt <= 5 ? Math.max(exitAt, lastEventAt) : exitAt;
  return Math.max(at, startedAt);
}
