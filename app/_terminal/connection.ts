import { isTyped } from '@/client/terminal-reports';
import { Heartbeat, LOOK_MS } from './heartbeat';
import { Outbox } from './outbox';
import type { LineState, Message, Notice, Ready, Size, StopCause, TabInfo } from './wire';

/** The WebSocket of one terminal: fetches a fresh token for every attempt, and reconnects unless the close code is final. */

export type LineEvents = {
  /** Bytes of the terminal; call `drawn` once they are on the screen. */
  output: (bytes: Uint8Array, drawn: () => void) => void;
  /** The state of the terminal follows as one output, to be drawn on an empty screen of this size. */
  ready: (size: Size | null) => void;
  /** Whether this window answers the terminal's queries and sets its size. */
  active: (isActive: boolean) => void;
  /** Another window has set this size. */
  size: (size: Size) => void;
  notice: (notice: Notice) => void;
  /** An announced stop was postponed. */
  calm: (cause: StopCause) => void;
  /** The tabs of the session, in the order that every window shows. */
  tabs: (tabs: TabInfo[]) => void;
  state: (state: LineState, why: string | null) => void;
  /** How many characters wait for the connection to be restored. */
  waiting: (units: number) => void;
};

type Connect = () => Promise<{ url: string; token: string }>;

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 5_000;
/** An attempt that has not opened a terminal by then is given up. */
const OPENING_MS = 8_000;
/** Close codes after which the connection is not retried. */
const FINAL_CODES = new Set([1000, 4401, 4409, 4503]);

export class TerminalLine {
  private socket: WebSocket | null = null;
  private timer: ReturnType<typeof setTimeout> | null = null;
  private readonly looking: ReturnType<typeof setInterval>;
  private pause = FIRST_PAUSE_MS;
  private state: LineState = 'connecting';
  private closed = false;
  private attempt = 0;
  private size: Size = { cols: 80, rows: 24 };
  private readonly outbox = new Outbox();
  private readonly page = crypto.randomUUID();
  private heartbeat = new Heartbeat(Date.now());
  /** The replayed output is being drawn: the terminal's answers to it are not typed input. */
  private restoring = false;
  private active = false;
  private hasBeenOpen = false;
  /** The server acknowledges input. */
  private acknowledges = true;
  private drawn = 0;

  constructor(
    private readonly connect: Connect,
    private readonly tab: number,
    private readonly events: LineEvents,
  ) {
    this.looking = setInterval(() => this.look(), LOOK_MS);
  }

  get isOpen(): boolean {
    return this.state === 'open';
  }

  async open(): Promise<void> {
    if (this.closed) return;
    if (this.timer) clearTimeout(this.timer);
    const attempt = ++this.attempt;
    this.say(this.hasBeenOpen ? 'retrying' : 'connecting');
    this.timer = setTimeout(() => attempt === this.attempt && this.lose(), OPENING_MS);
    try {
      const { url, token } = await this.connect();
      if (this.closed || attempt !== this.attempt) return;
      const { cols, rows } = this.size;
      const query = `tab=${this.tab}&cols=${cols}&rows=${rows}&v=2&page=${this.page}`;
      this.attach(new WebSocket(`${url}?${query}`, ['hourglass', `token.${token}`]));
    } catch {
      if (attempt === this.attempt) this.retry();
    }
  }

  private attach(socket: WebSocket): void {
    this.socket = socket;
    socket.binaryType = 'arraybuffer';
    socket.onmessage = ({ data }) => {
      if (this.socket === socket) this.hear(data);
    };
    socket.onclose = ({ code, reason }) => {
      if (this.socket !== socket || this.closed) return;
      this.socket = null;
      if (FINAL_CODES.has(code)) this.end(reason || 'The terminal was closed.');
      else this.retry();
    };
  }

  private hear(data: unknown): void {
    this.heartbeat.heard(Date.now());
    if (data instanceof ArrayBuffer) return this.draw(new Uint8Array(data));
    const message = JSON.parse(String(data)) as Message;
    switch (message.type) {
      case 'ready':
        return this.welcome(message);
      case 'active':
        return this.setActive(message.active === true);
      case 'size':
        return this.events.size({ cols: message.cols ?? 80, rows: message.rows ?? 24 });
      case 'took':
        this.outbox.took(message.units ?? 0);
        return this.send();
      case 'notice':
        return this.events.notice(message);
      case 'calm':
        return this.events.calm(message.cause ?? 'idle');
      case 'tabs':
        return this.events.tabs(message.tabs ?? []);
    }
  }

  private welcome(ready: Ready): void {
    if (this.timer) clearTimeout(this.timer);
    this.timer = null;
    this.pause = FIRST_PAUSE_MS;
    this.drawn = 0;
    this.acknowledges = ready.v === 2;
    this.pickUp(ready.took ?? null);
    this.restoring = ready.replayed;
    const { cols, rows } = ready;
    this.events.ready(cols && rows ? { cols, rows } : null);
    this.active = ready.active ?? true;
    this.say('open');
    this.hasBeenOpen = true;
    if (!ready.replayed) this.restored();
  }

  /**
   * A shell that knows this page gets the rest of the input; a new shell gets nothing that was meant for the old one.
   */
  private pickUp(took: number | null): void {
    if (took !== null) return this.outbox.resume(took);
    if (!this.hasBeenOpen) return;
    const lost = this.outbox.clear();
    if (lost === 0) return;
    const text = `${lost} characters that were typed while the connection was lost were not sent: this is another shell.`;
    this.events.notice({ level: 'warning', text });
  }

  private draw(bytes: Uint8Array): void {
    const { socket } = this;
    this.events.output(bytes, () => {
      if (this.socket !== socket) return;
      this.drawn += bytes.length;
      this.write({ type: 'ack', bytes: this.drawn });
      if (this.restoring) this.restored();
    });
  }

  private setActive(isActive: boolean): void {
    this.active = isActive;
    if (!this.restoring) this.events.active(isActive);
  }

  private restored(): void {
    this.restoring = false;
    this.write({ type: 'restored' });
    this.events.active(this.active);
    this.resize(this.size);
    this.send();
  }

  /** Checks whether the connection is alive, and pings a quiet one. */
  look(): void {
    if (this.state !== 'open') return;
    const verdict = this.heartbeat.look(Date.now(), this.outbox.onTheWay > 0);
    if (verdict === 'dead') this.lose();
    if (verdict === 'ask') this.write({ type: 'ping' });
  }

  /** Retries or pings at once, when the network is back or the page is visible again. */
  hurry(): void {
    if (this.closed) return;
    this.pause = FIRST_PAUSE_MS;
    if (this.state === 'retrying' && !this.socket) void this.open();
    else if (this.state === 'open') {
      this.heartbeat.ask(Date.now());
      this.write({ type: 'ping' });
    }
  }

  private lose(): void {
    const { socket } = this;
    this.socket = null;
    socket?.close();
    this.retry();
  }

  private retry(): void {
    if (this.closed) return;
    this.attempt++;
    this.say('retrying');
    if (this.timer) clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.open(), this.pause);
    this.pause = Math.min(this.pause * 2, LONGEST_PAUSE_MS);
  }

  private end(why: string): void {
    if (this.timer) clearTimeout(this.timer);
    const lost = this.outbox.clear();
    this.say('ended', lost > 0 ? `${why} ${lost} characters were not sent.` : why);
  }

  private say(state: LineState, why: string | null = null): void {
    this.state = state;
    this.events.state(state, why);
    this.events.waiting(state === 'open' ? 0 : this.outbox.waiting);
  }

  /** Sends a message about the tabs; returns false while disconnected. */
  tell(message: object): boolean {
    return this.state === 'open' && this.write(message);
  }

  /** Sends the terminal's own reports, one byte per character; dropped while disconnected or replaying. */
  report(bytes: string): void {
    if (!this.restoring) this.tell({ type: 'binary', data: bytes });
  }

  private write(message: object): boolean {
    if (this.socket?.readyState !== WebSocket.OPEN) return false;
    this.socket.send(JSON.stringify(message));
    return true;
  }

  private send(): void {
    if (this.state !== 'open' || this.restoring) return;
    for (let piece = this.outbox.next(); piece; piece = this.outbox.next()) {
      this.write({ type: 'input', ...piece });
      if (!this.acknowledges) this.outbox.took(piece.at + piece.data.length);
    }
  }

  /** Sends typed input, or keeps it until the connection is restored. Answers of the terminal itself are not kept. */
  type(data: string): void {
    if (this.state === 'ended') return;
    if ((this.restoring || this.state !== 'open') && !isTyped(data)) return;
    if (!this.outbox.add(data)) {
      const text = 'This is more than 10 MiB, and it was not pasted. Send it as a file instead.';
      return this.events.notice({ level: 'warning', text });
    }
    this.send();
    if (this.state !== 'open') this.events.waiting(this.outbox.waiting);
  }

  /** Reports the size of this window; the terminal takes it while this window is active. */
  resize(size: Size): void {
    this.size = size;
    this.write({ type: 'resize', ...size });
  }

  /** Reports that the user works in this window. */
  focus(): void {
    this.write({ type: 'focus' });
  }

  /** Opens a tab again whose shell has ended. */
  reopen(): void {
    this.pause = FIRST_PAUSE_MS;
    this.hasBeenOpen = false;
    void this.open();
  }

  close(): void {
    this.closed = true;
    clearInterval(this.looking);
    if (this.timer) clearTimeout(this.timer);
    this.socket?.close();
  }
}
