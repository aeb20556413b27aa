import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { type RawData, type WebSocket, WebSocketServer } from 'ws';
import { isTyped } from './keystrokes';
import { isOurs, stateOf } from './replay-state';
import { Tab, type TabOptions } from './tab';

export type Notice = { level: 'info' | 'warning' | 'final'; text: string; stopsInMs?: number };

export type TerminalOptions = {
  port: number;
  sessionId: string;
  runToken: string;
  tab: Omit<TabOptions, 'cols' | 'rows' | 'command' | 'greeting'>;
  /** What the first tab says before its shell begins. */
  greeting?: string;
  /** What the first tab runs; null for a plain shell. */
  firstCommand: string | null;
  onTyped: () => void;
};

const MOST_TABS = 6;
const MOST_SOCKETS = 16;
/** Terminals, and whoever else the network lets through to us. */
const MOST_CONNECTIONS = 64;
/** A refused socket that does not take its answer is left after this. */
const GOODBYE_MS = 2_000;
const MOST_FRAME_BYTES = 64 * 1024;
/** A socket that has not taken this much holds its shell back until it has. */
const HOLD_BYTES = 1024 * 1024;

/** Terminals over WebSockets, one a socket; only for replays that the gateway sent to this very run. */
export class TerminalServer {
  private readonly tabs = new Map<number, Tab>();
  private readonly sockets = new Set<WebSocket>();
  private readonly http: Server;
  private readonly ws = new WebSocketServer({
    noServer: true,
    maxPayload: MOST_FRAME_BYTES,
    perMessageDeflate: false,
    handleProtocols: (offered) => (offered.has('hourglass') ? 'hourglass' : false),
  });
  private closing: string | null = null;

  constructor(private readonly options: TerminalOptions) {
    this.http = createServer((request, response) => {
      const healthy = request.url === '/healthz';
      response
        .writeHead(healthy ? 200 : 404, { 'content-type': 'text/plain' })
        .end(healthy ? 'ok\n' : 'nothing here\n');
    });
    this.http.maxConnections = MOST_CONNECTIONS;
    this.http.headersTimeout = 10_000;
    this.http.on('upgrade', (request, socket, head) => this.upgrade(request, socket, head));
  }

  listen(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.http.once('error', reject).listen(this.options.port, () => resolve());
    });
  }

  private upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    // Whoever asks may hang up at any moment or ask nonsense: neither may end the machine.
    socket.on('error', () => {});
    const url = addressOf(request);
    if (!url) return refuse(socket, '400 Bad Request');
    const header = request.headers['fly-replay-src'];
    const state = stateOf(Array.isArray(header) ? header[0] : header);
    if (
      !isOurs(state, this.options.runToken, Date.now()) ||
      url.pathname !== `/terminal/${this.options.sessionId}`
    )
      return refuse(socket, '401 Unauthorized');
    (socket as Duplex & { setNoDelay?: (on: boolean) => void }).setNoDelay?.(true);
    this.ws.handleUpgrade(request, socket, head, (ws) => this.attach(ws, url.searchParams));
  }

  private attach(ws: WebSocket, query: URLSearchParams): void {
    if (this.closing !== null) return ws.close(4503, this.closing);
    const number = Number(query.get('tab') ?? '1');
    if (!Number.isInteger(number) || number < 1 || number > MOST_TABS)
      return ws.close(4409, 'A session has six tabs.');
    if (this.sockets.size >= MOST_SOCKETS)
      return ws.close(4409, 'Too many terminals are open on this session.');
    const tab = this.openTab(number, size(query.get('cols'), 80), size(query.get('rows'), 24));
    this.sockets.add(ws);
    this.connect(ws, tab, number);
  }

  private openTab(number: number, cols: number, rows: number): Tab {
    const open = this.tabs.get(number);
    if (open && open.exitCode === null) return open;
    const isFirst = number === 1 && !open;
    const command = isFirst ? this.options.firstCommand : null;
    const greeting = isFirst ? this.options.greeting : undefined;
    const tab = new Tab({ ...this.options.tab, command, greeting, cols, rows });
    this.tabs.set(number, tab);
    return tab;
  }

  private connect(ws: WebSocket, tab: Tab, number: number): void {
    const say = (message: object) => ws.readyState === ws.OPEN && ws.send(JSON.stringify(message));
    const past = tab.scrollback.read();
    say({ type: 'ready', tab: number, replayed: past.length > 0 });
    if (past.length > 0) ws.send(past);
    const unwatch = tab.watch({
      output: (chunk) => this.forward(ws, tab, chunk),
      exit: (code) => {
        say({ type: 'exit', code });
        if (this.closing === null) ws.close(1000, 'The shell has ended.');
        else ws.close(4503, this.closing);
      },
    });
    ws.on('message', (data, isBinary) => this.hear(tab, data, isBinary, say));
    ws.on('error', () => {});
    ws.on('close', () => {
      unwatch();
      this.sockets.delete(ws);
      tab.release(ws);
    });
  }

  private forward(ws: WebSocket, tab: Tab, chunk: Buffer): void {
    if (ws.readyState !== ws.OPEN) return;
    ws.send(chunk, () => ws.bufferedAmount < HOLD_BYTES / 2 && tab.release(ws));
    if (ws.bufferedAmount > HOLD_BYTES) tab.hold(ws);
  }

  private hear(tab: Tab, data: RawData, isBinary: boolean, say: (message: object) => void): void {
    const text = data.toString();
    const message = isBinary ? { type: 'input', data: text } : parse(text);
    switch (message?.type) {
      case 'input':
        if (typeof message.data !== 'string') return;
        if (isTyped(message.data)) this.options.onTyped();
        return tab.write(message.data);
      case 'resize':
        return tab.resize(size(message.cols, 80), size(message.rows, 24));
      case 'ping':
        return say({ type: 'pong' });
    }
  }

  /** Tells everybody who watches, as a frame of its own and as a line in the terminal. */
  announce(notice: Notice): void {
    const colour = { info: 32, warning: 33, final: 31 }[notice.level];
    const line = Buffer.from(`\r\n\x1b[${colour}m⧗ ${notice.text}\x1b[0m\r\n`);
    for (const ws of this.sockets) {
      if (ws.readyState !== ws.OPEN) continue;
      ws.send(JSON.stringify({ type: 'notice', ...notice }));
      ws.send(line);
    }
  }

  /** Hangs up every shell; with SIGKILL for those that stay. */
  signalShells(name: 'SIGHUP' | 'SIGKILL'): void {
    for (const tab of this.tabs.values()) tab.signal(name);
  }

  /** True while a shell lives. */
  get busy(): boolean {
    return [...this.tabs.values()].some((tab) => tab.exitCode === null);
  }

  /** From now on nobody connects, and a shell that ends closes with this reason. */
  beginClosing(reason: string): void {
    this.closing = reason.slice(0, 110);
  }

  /** Closes what is still connected; everybody learns why. */
  close(): void {
    for (const ws of this.sockets) ws.close(4503, this.closing ?? '');
  }
}

/** Answers an upgrade and lets go of it, whether or not the other side ever does. */
function refuse(socket: Duplex, status: string): void {
  const leave = setTimeout(() => socket.destroy(), GOODBYE_MS).unref();
  socket.once('close', () => clearTimeout(leave));
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`, () => socket.destroy());
}

/** Where an upgrade wants to go; null for an address that is none. */
function addressOf(request: IncomingMessage): URL | null {
  try {
    return new URL(request.url ?? '/', 'http://machine');
  } catch {
    return null;
  }
}

function size(value: unknown, otherwise: number): number {
  const number = Math.floor(Number(value));
  return number >= 2 && number <= 1000 ? number : otherwise;
}

function parse(text: string): { type?: unknown; data?: unknown; cols?: unknown; rows?: unknown } | null {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
