import type { WebSocket } from 'ws';
import type { Size, Watcher } from './audience';
import { DrawWindow } from './draw-window';
import type { Tab } from './tab';
import type { TabInfo } from './tab-list';

/** A viewer that holds the shell back and draws less than PROGRESS_BYTES in STALL_MS is dropped. */
const PROGRESS_BYTES = 16 * 1024;
const STALL_MS = 5_000;
const PING_MS = 15_000;
const SILENT_MS = 30_000;
const GOODBYE_MS = 2_000;
/** A version 1 client does not report that the state is drawn; after this the agent takes it as drawn. */
const RESTORE_MS = 2_000;
const MOST_WAITING = 4 * 1024 * 1024;

export type ViewerOptions = {
  ws: WebSocket;
  tab: Tab;
  number: number;
  /** The version of the protocol: 2 acknowledges output and input, 1 does neither. */
  version: 1 | 2;
  /** Identifies one page for as long as the page is open. */
  page: string | null;
  /** The grant that opened this terminal, checked again while the terminal is open. */
  grant: string;
  size: Size | null;
  /** Sends a new viewer the messages that follow the state of the terminal. */
  greet: (viewer: Viewer) => void;
  now: () => number;
};

/** A viewer of a tab, connected by one WebSocket. */
export class Viewer implements Watcher {
  readonly page: string | null;
  readonly grant: string;
  size: Size | null;
  /** Whether the restored state is still being drawn; meanwhile replies of the terminal itself are ignored. */
  restoring = true;
  heardAt: number;
  private pingedAt: number;
  private joining: Buffer[] | null = [];
  private joiningBytes = 0;
  private ended: { code: number } | null = null;
  private sent = 0;
  private acked = 0;
  /** Past this many bytes under way the shell waits; below half of them the shell goes on. */
  private readonly window = new DrawWindow();
  private stall: { at: number; acked: number } | null = null;
  private tookUnits = 0;
  closing: string | null = null;
  /** Whether the viewer was closed; later messages are ignored. */
  isGone = false;

  constructor(private readonly options: ViewerOptions) {
    this.page = options.page;
    this.grant = options.grant;
    this.size = options.size;
    this.heardAt = options.now();
    this.pingedAt = this.heardAt;
  }

  get isOpen(): boolean {
    return this.options.ws.readyState === this.options.ws.OPEN;
  }

  tell(message: object): void {
    if (this.isOpen) this.options.ws.send(JSON.stringify(message));
  }

  setActive(active: boolean): void {
    if (this.joining === null) this.tell({ type: 'active', active });
  }

  setSize(size: Size): void {
    if (this.joining === null) this.tell({ type: 'size', ...size });
  }

  setTabs(tabs: TabInfo[]): void {
    if (this.joining === null) this.tell({ type: 'tabs', tabs });
  }

  /** Sends the state of the terminal as of joining, then the output written since. */
  restore(state: Buffer, size: Size, took: number | null): void {
    const { tab, number, version } = this.options;
    const active = tab.audience.isActive(this);
    tab.know(this.page);
    this.tell({ type: 'ready', v: 2, tab: number, replayed: state.length > 0, ...size, active, took });
    if (state.length > 0) this.send(state);
    if (version === 1) setTimeout(() => this.restored(), RESTORE_MS).unref();
    const waiting = this.joining ?? [];
    this.joining = null;
    for (const chunk of waiting) this.send(chunk);
    this.options.greet(this);
    if (this.ended) this.exit(this.ended.code);
  }

  restored(): void {
    this.restoring = false;
  }

  output(chunk: Buffer): void {
    if (this.joining === null) return this.send(chunk);
    this.joining.push(chunk);
    this.joiningBytes += chunk.length;
    if (this.joiningBytes > MOST_WAITING) this.drop(4408, 'This terminal could not keep up.');
  }

  private send(chunk: Buffer): void {
    const { ws, tab, version, now } = this.options;
    if (!this.isOpen) return;
    this.sent += chunk.length;
    this.window.sentTo(this.sent, now());
    ws.send(chunk, () => version === 1 && this.acknowledge(this.acked + chunk.length));
    if (this.sent - this.acked <= this.window.bytes || this.stall) return;
    this.stall = { at: now(), acked: this.acked };
    tab.hold(this);
  }

  /** Counts output up to `bytes` as drawn; releases the shell once the viewer has caught up. */
  acknowledge(bytes: number): void {
    if (!(bytes > this.acked && bytes <= this.sent)) return;
    this.acked = bytes;
    this.window.drewTo(bytes, this.options.now());
    if (!this.stall || this.sent - this.acked > this.window.bytes / 2) return;
    this.stall = null;
    this.options.tab.release(this);
  }

  /** Tells the viewer that the terminal has taken its input up to here, in UTF-16 units. */
  tookTo(units: number): void {
    if (this.options.version === 1 || units <= this.tookUnits) return;
    this.tookUnits = units;
    this.tell({ type: 'took', units });
  }

  exit(code: number): void {
    this.ended = { code };
    if (this.joining !== null) return;
    this.tell({ type: 'exit', code });
    // Closing sends the queued output first: a slow viewer still gets the last output of the shell.
    this.isGone = true;
    this.options.tab.leave(this);
    this.options.ws.close(this.closing === null ? 1000 : 4503, this.closing ?? 'The shell has ended.');
  }

  heard(): void {
    this.heardAt = this.options.now();
  }

  /** Checks once per second that the connection is alive and the viewer reads. */
  look(): void {
    const now = this.options.now();
    if (now - this.heardAt >= SILENT_MS) return this.options.ws.terminate();
    if (now - this.pingedAt >= PING_MS && this.isOpen) {
      this.pingedAt = now;
      this.options.ws.ping();
    }
    if (!this.stall) return;
    if (this.acked - this.stall.acked >= PROGRESS_BYTES) this.stall = { at: now, acked: this.acked };
    else if (now - this.stall.at >= STALL_MS)
      this.drop(4408, 'This terminal stood still while the shell went on.');
  }

  /** Closes the connection and ends the hold on the shell; a client that does not answer is cut off after GOODBYE_MS. */
  drop(code: number, reason: string): void {
    const { ws, tab } = this.options;
    this.isGone = true;
    tab.leave(this);
    ws.close(code, reason);
    setTimeout(() => ws.terminate(), GOODBYE_MS).unref();
  }
}
