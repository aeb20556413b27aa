import { type IPty, spawn } from '@lydell/node-pty';
import type { Identity } from '../identity';
import { Scrollback } from './scrollback';

export type TabOptions = {
  cwd: string;
  env: Record<string, string>;
  identity: Identity | null;
  command: string | null;
  /** A line shown before the shell begins. */
  greeting?: string;
  cols: number;
  rows: number;
};

type Listener = { output: (chunk: Buffer) => void; exit: (code: number) => void };

/** One terminal: a shell on a pseudo terminal, its recent output, and whoever watches it. */
export class Tab {
  readonly scrollback = new Scrollback();
  private readonly pty: IPty;
  private readonly listeners = new Set<Listener>();
  private readonly slow = new Set<object>();
  exitCode: number | null = null;

  constructor(options: TabOptions) {
    if (options.greeting) this.hear(`\x1b[2m${options.greeting}\x1b[0m\r\n`);
    // A chosen agent runs inside a shell, so that leaving it does not end the tab.
    const args = options.command === null ? ['-l'] : ['-l', '-c', `${options.command}; exec bash -l`];
    this.pty = spawn('bash', args, {
      name: 'xterm-256color',
      cols: options.cols,
      rows: options.rows,
      cwd: options.cwd,
      env: options.env,
      ...(options.identity ? { uid: options.identity.uid, gid: options.identity.gid } : {}),
      encoding: null,
    });
    this.pty.onData((data) => this.hear(data as unknown as Buffer));
    this.pty.onExit(({ exitCode }) => {
      this.exitCode = exitCode;
      for (const listener of this.listeners) listener.exit(exitCode);
    });
  }

  private hear(data: Buffer | string): void {
    const chunk = Buffer.isBuffer(data) ? data : Buffer.from(data);
    this.scrollback.add(chunk);
    for (const listener of this.listeners) listener.output(chunk);
  }

  /** Adds a watcher; the answer removes it. */
  watch(listener: Listener): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  write(input: string): void {
    if (this.exitCode === null) this.pty.write(input);
  }

  resize(cols: number, rows: number): void {
    if (this.exitCode === null) this.pty.resize(cols, rows);
  }

  /** A slow reader holds the shell back until every slow one has caught up: output waits in the shell, not in our memory. */
  hold(reader: object): void {
    this.slow.add(reader);
    if (this.exitCode === null) this.pty.pause();
  }

  /** A reader has caught up or left. */
  release(reader: object): void {
    if (!this.slow.delete(reader) || this.slow.size > 0 || this.exitCode !== null) return;
    this.pty.resume();
  }

  signal(name: 'SIGHUP' | 'SIGKILL'): void {
    if (this.exitCode !== null) return;
    // The shell leads its own group: everything it started in the foreground goes with it.
    for (const pid of [-this.pty.pid, this.pty.pid]) {
      try {
        process.kill(pid, name);
      } catch {
        // already gone
      }
    }
  }
}
