import { type ChildProcess, spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import type { Identity } from '../identity';
import { killFirst } from '../memory';
import type { Order } from './order';

export type Ended = { exitCode: number | null; signal: string | null; timedOut: boolean };

type Stream = 'stdout' | 'stderr';

export type CommandEvents = {
  /** Receives bytes the command wrote. The stream is not read further until the promise resolves. */
  output: (stream: Stream, bytes: Buffer) => Promise<void>;
};

/** Between SIGTERM and SIGKILL. */
const GRACE_MS = 2_000;
/**
 * Time to read the rest of the pipes after the command has ended; a program left in the background may hold them open for
 * ever.
 */
const DRAIN_MS = 250;
/** The exit code of a shell for a program that does not exist. */
const NOT_FOUND = 127;

/** Runs one command in its own process group, without a terminal and without input. */
export class Command {
  readonly ended: Promise<Ended>;
  private readonly child: ChildProcess;
  private timedOut = false;
  private isStopped = false;
  private readonly timers: NodeJS.Timeout[] = [];

  constructor(
    order: Order,
    identity: Identity | null,
    private readonly events: CommandEvents,
  ) {
    this.child = spawn(order.file, order.args, {
      cwd: order.cwd,
      env: order.env as NodeJS.ProcessEnv,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      ...(identity ? { uid: identity.uid, gid: identity.gid } : {}),
    });
    killFirst(this.child.pid);
    this.later(order.timeoutMs, () => {
      this.timedOut = true;
      this.stop();
    });
    this.ended = this.follow(order.file).finally(() => {
      for (const timer of this.timers) clearTimeout(timer);
    });
  }

  /** The process id, for measuring the command's work; null when the command could not be started. */
  get pid(): number | null {
    return this.child.pid ?? null;
  }

  /** Ends the command and its process group: SIGTERM, then SIGKILL after GRACE_MS. */
  stop(): void {
    this.isStopped = true;
    this.signal('SIGTERM');
    this.later(GRACE_MS, () => this.signal('SIGKILL'));
  }

  signal(name: 'SIGTERM' | 'SIGKILL'): void {
    if (!this.child.pid) return;
    try {
      process.kill(-this.child.pid, name);
    } catch {
      // The command has just ended.
    }
  }

  private later(ms: number, work: () => void): void {
    this.timers.push(setTimeout(work, ms));
  }

  private async follow(file: string): Promise<Ended> {
    const { child } = this;
    const streams: [Stream, Readable][] = [
      ['stdout', child.stdout as Readable],
      ['stderr', child.stderr as Readable],
    ];
    const read = Promise.all(streams.map(([name, stream]) => this.read(name, stream)));
    const failure = await new Promise<NodeJS.ErrnoException | null>((resolve) => {
      child.once('exit', () => resolve(null));
      child.once('error', resolve);
    });
    if (failure) {
      const why = failure.code === 'ENOENT' ? 'command not found' : 'the command cannot be run';
      await this.events.output('stderr', Buffer.from(`${file}: ${why}\n`)).catch(() => {});
      return { exitCode: NOT_FOUND, signal: null, timedOut: false };
    }
    // Processes of the group that survived SIGTERM are killed too.
    if (this.isStopped) this.signal('SIGKILL');
    await Promise.race([read, new Promise((resolve) => this.later(DRAIN_MS, () => resolve(null)))]);
    for (const [, stream] of streams) stream.destroy();
    const { exitCode, signalCode } = child;
    return { exitCode: this.timedOut ? null : exitCode, signal: signalCode, timedOut: this.timedOut };
  }

  private async read(name: Stream, stream: Readable): Promise<void> {
    try {
      for await (const chunk of stream) await this.events.output(name, chunk as Buffer);
    } catch {
      // The caller reads no more.
    }
  }
}
