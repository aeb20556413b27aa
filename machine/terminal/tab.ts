import { type IPty, spawn } from '@lydell/node-pty';
import { monotonicMs } from '../clock';
import type { Identity } from '../identity';
import { killFirst } from '../memory';
import { PrintedMeter } from '../work/printed';
import { Audience, type Size } from './audience';
import { unfinishedTail } from './output-tail';
import { PtyInput } from './pty-input';
import { Screen } from './screen';
import { drainBeforeEnd, endTerminal, signalGroup } from './shell-end';
import type { Viewer } from './viewer';

export type TabOptions = {
  cwd: string;
  env: Record<string, string>;
  identity: Identity | null;
  command: string | null;
  /** A line shown before the shell begins. */
  greeting?: string;
  cols: number;
  rows: number;
  /** Called when a program writes output. */
  onOutput?: () => void;
};

/** Pages whose input is remembered, so that input sent again after a lost connection is not typed twice. */
const MOST_PAGES = 64;

/** One terminal: a shell on a pseudo terminal, the state of its screen, and its viewers. */
export class Tab {
  readonly audience: Audience<Viewer>;
  readonly input: PtyInput;
  readonly printed = new PrintedMeter();
  exitCode: number | null = null;
  private readonly pty: IPty;
  private readonly screen: Screen;
  private readonly held = new Set<object>();
  private pending: Buffer[] = [];
  private tail: Buffer = Buffer.alloc(0);
  /** Input taken from each page, in UTF-16 units. */
  private readonly taken = new Map<string, number>();

  constructor(private readonly options: TabOptions) {
    // A chosen coding agent runs inside a shell, so that leaving the agent does not end the tab.
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
    killFirst(this.pty.pid);
    this.input = new PtyInput((this.pty as IPty & { fd: number }).fd);
    this.screen = new Screen(options.cols, options.rows, (isBusy) =>
      isBusy ? this.hold(this.screen) : this.release(this.screen),
    );
    this.audience = new Audience((size) => this.resize(size));
    if (options.greeting) this.hear(`\x1b[2m${options.greeting}\x1b[0m\r\n`);
    drainBeforeEnd(
      this.pty,
      () => this.held.size > 0,
      () => this.input.end(),
    );
    this.pty.onData((data) => this.hear(data as unknown as Buffer));
    this.pty.onExit(({ exitCode }) => this.exited(exitCode));
  }

  /** Joins the chunks of one turn of the event loop, because a shell writes few bytes at a time. */
  private hear(chunk: Buffer | string): void {
    if (this.pending.length === 0) setImmediate(() => this.flush());
    this.pending.push(Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk));
  }

  private flush(): void {
    if (this.pending.length === 0) return;
    const output = Buffer.concat(this.pending.splice(0));
    this.tail = unfinishedTail(this.tail, output);
    this.screen.write(output);
    this.printed.add(output, monotonicMs());
    for (const viewer of [...this.audience]) viewer.output(output);
    this.options.onOutput?.();
  }

  private exited(code: number): void {
    this.flush();
    this.input.end();
    this.exitCode = code;
    for (const viewer of [...this.audience]) viewer.exit(code);
  }

  get pid(): number {
    return this.pty.pid;
  }

  /** Adds a viewer: sends the state of this moment first, then the output from here on. */
  join(viewer: Viewer): void {
    this.flush();
    this.audience.join(viewer);
    const { tail } = this;
    const taken = viewer.page === null ? null : (this.taken.get(viewer.page) ?? null);
    const { size } = this.screen;
    this.screen.read((state) => viewer.restore(Buffer.concat([Buffer.from(state), tail]), size, taken));
    if (this.exitCode !== null) viewer.exit(this.exitCode);
  }

  leave(viewer: Viewer): void {
    this.audience.leave(viewer);
    this.release(viewer);
  }

  /** Returns the part of a page's input that was not taken before, and counts that part as taken. */
  take(page: string | null, at: number | null, text: string): string {
    if (page === null) return text;
    const before = this.taken.get(page) ?? 0;
    const from = at ?? before;
    const fresh = text.slice(Math.max(0, before - from));
    this.taken.delete(page);
    this.taken.set(page, Math.max(before, from + text.length));
    for (const old of this.taken.keys()) if (this.taken.size > MOST_PAGES) this.taken.delete(old);
    return fresh;
  }

  /** Remembers a page from its first connection on. */
  know(page: string | null): void {
    if (page !== null && !this.taken.has(page)) this.take(page, 0, '');
  }

  private resize({ cols, rows }: Size): void {
    const { size } = this.screen;
    if (this.exitCode !== null || (size.cols === cols && size.rows === rows)) return;
    this.flush();
    this.printed.ignore(monotonicMs());
    this.pty.resize(cols, rows);
    this.screen.resize(cols, rows);
    this.audience.tellSize({ cols, rows });
  }

  /** Pauses the shell for a reader that lags behind: output waits in the shell, not in the agent's memory. */
  hold(reader: object): void {
    this.held.add(reader);
    if (this.exitCode === null) this.pty.pause();
  }

  /** Ends a reader's hold, when the reader has caught up or left; the shell goes on when no hold is left. */
  release(reader: object): void {
    if (!this.held.delete(reader) || this.held.size > 0 || this.exitCode !== null) return;
    this.pty.resume();
  }

  /** Closes the tab: tells its viewers, and ends its shell and foreground command. */
  close(): void {
    for (const viewer of [...this.audience]) viewer.drop(1000, 'This tab was closed.');
    if (this.exitCode === null) endTerminal(this.pty.pid);
  }

  signal(name: 'SIGHUP' | 'SIGKILL'): void {
    if (this.exitCode === null) signalGroup(this.pty.pid, name);
  }
}
