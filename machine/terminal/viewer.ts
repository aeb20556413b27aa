import type { WebSocket } from 'ws';
import type { Size, Watcher } from './audience';
import { DrawWindow } from './draw-window';
import type { Tab } from './tab';
import type { TabInfo } from './tab-list';

/** A viewer that makes the shell wait and takes less than this in that time stands still. */
const PROGRESS_BYTES = 16 * 1024;
const STALL_MS = 5_000;
const PING_MS = 15_000;
const SILENT_MS = 30_000;
const GOODBYE_MS = 2_000;
/** A client that does not say when it has drawn the state has surely drawn it by then. */
const RESTORE_MS = 2_000;
const MOST_WAITING = 4 * 1024 * 1024;

export type ViewerOptions = {
  ws: WebSocket;
  tab: Tab;
  number: number;
  /** The wire the client speaks: 2 acknowledges output and input, 1 does neither. */
  version: 1 | 2;
  /** Names one page for as long as it is open. */
  page: string | null;
  /** Whose access opened this; asked again while it is open. */
  grant: string;
  size: Size | null;
  /** What a newcomer is told besides the state of the terminal. */
  greet: (viewer: Viewer) => void;
  now: () => number;
};

/** Somebody who watches a tab through one WebSocket. */
export class Viewer implements Watcher {
  readonly page: string | null;
  readonly grant: string;
  size: Size | null;
  /** Nothing that a terminal says by itself counts while the past is drawn. */
  restoring = true;
  heardAt: number;
  private pingedAt: number;
  private joining: Buffer[] | null = [];
  private joiningBytes = 0;
  private ended: { code: number } | null = null;
  private sent = 0;
  private acked = 0;
  /** Past it the shell waits; below half of it the shell goes on. */
  private readonly window = new DrawWindow();
  private stall: { at: number; acked: number } | null = null;
  private tookUnits = 0;
  closing: string | null = null;
  /** It was told goodbye: what it still says is not heard. */
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

  /** The state of the terminal as this viewer comes; what was written since follows it. */
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

  /** So much of what was sent has been drawn. */
  acknowledge(bytes: number): void {
    if (!(bytes > this.acked && bytes <= this.sent)) return;
    this.acked = bytes;
    this.window.drewTo(bytes, this.options.now());
    if (!this.stall || this.sent - this.acked > this.window.bytes / 2) return;
    this.stall = null;
    this.options.tab.release(this);
  }

  /** The terminal has taken what this viewer typed up to here, in UTF-16 units. */
  tookTo(units: number): void {
    if (this.options.version === 1 || units <= this.tookUnits) return;
    this.tookUnits = units;
    this.tell({ type: 'took', units });
  }

  exit(code: number): void {
    this.ended = { code };
    if (this.joining !== null) return;
    this.tell({ type: 'exit', code });
    // Nothing is cut short: a slow viewer still gets what the shell wrote last.
    this.isGone = true;
    this.options.tab.leave(this);
    this.options.ws.close(this.closing === null ? 1000 : 4503, this.closing ?? 'The shell has ended.');
  }

  heard(): void {
    this.heardAt = this.options.now();
  }

  /** Looks whether the line lives and its reader reads; once a second. */
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

  /** Says goodbye and holds nobody up any more; a client that does not answer is left soon. */
  drop(code: number, reason: string): void {
    const { ws, tab } = this.options;
    this.isGone = true;
    tab.leave(this);
    ws.close(code, reason);
    setTimeout(() => ws.terminate(), GOODBYE_MS).unref();
  }
}
