/** One terminal's WebSocket: fetches a fresh token for every try, comes back by itself, and stays away when told. */

export type Notice = { level: 'info' | 'warning' | 'final'; text: string };
export type LineState = 'connecting' | 'open' | 'retrying' | 'ended';

export type LineEvents = {
  output: (bytes: Uint8Array) => void;
  /** A fresh screen is about to be replayed. */
  ready: () => void;
  notice: (notice: Notice) => void;
  state: (state: LineState, why: string | null) => void;
};

type Connect = () => Promise<{ url: string; token: string }>;

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 10_000;
/** Close codes after which trying again is of no use. */
const FINAL_CODES = new Set([1000, 4401, 4409, 4503]);

export class TerminalLine {
  private socket: WebSocket | null = null;
  private timer: ReturnType<typeof setTimeout> | null = null;
  private pause = FIRST_PAUSE_MS;
  private closed = false;
  private size = { cols: 80, rows: 24 };

  constructor(
    private readonly connect: Connect,
    private readonly tab: number,
    private readonly events: LineEvents,
  ) {}

  async open(): Promise<void> {
    if (this.closed) return;
    this.events.state('connecting', null);
    try {
      const { url, token } = await this.connect();
      if (this.closed) return;
      this.attach(
        new WebSocket(`${url}?tab=${this.tab}&cols=${this.size.cols}&rows=${this.size.rows}`, [
          'hourglass',
          `token.${token}`,
        ]),
      );
    } catch {
      this.retry();
    }
  }

  private attach(socket: WebSocket): void {
    this.socket = socket;
    socket.binaryType = 'arraybuffer';
    socket.onmessage = ({ data }) => this.hear(data);
    socket.onclose = ({ code, reason }) => {
      if (this.socket !== socket || this.closed) return;
      this.socket = null;
      if (FINAL_CODES.has(code)) this.events.state('ended', reason || 'The terminal was closed.');
      else this.retry();
    };
  }

  private hear(data: unknown): void {
    if (data instanceof ArrayBuffer) return this.events.output(new Uint8Array(data));
    const message = JSON.parse(String(data)) as { type: string } & Notice;
    if (message.type === 'ready') {
      this.pause = FIRST_PAUSE_MS;
      this.events.ready();
      this.events.state('open', null);
      this.resize(this.size.cols, this.size.rows);
    }
    if (message.type === 'notice') this.events.notice(message);
  }

  private retry(): void {
    if (this.closed) return;
    this.events.state('retrying', null);
    this.timer = setTimeout(() => void this.open(), this.pause);
    this.pause = Math.min(this.pause * 2, LONGEST_PAUSE_MS);
  }

  private say(message: object): void {
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(message));
  }

  type(data: string): void {
    this.say({ type: 'input', data });
  }

  resize(cols: number, rows: number): void {
    this.size = { cols, rows };
    this.say({ type: 'resize', cols, rows });
  }

  /** Opens a tab whose shell has ended again. */
  reopen(): void {
    this.pause = FIRST_PAUSE_MS;
    void this.open();
  }

  close(): void {
    this.closed = true;
    if (this.timer) clearTimeout(this.timer);
    this.socket?.close();
  }
}
