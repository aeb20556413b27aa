import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import type { Doors } from '../doors/doors';
import type { Shell } from '../work/work-meter';
import { hear, sizeOf } from './hear';
import { Notices } from './notices';
import { grantOf, stateOf } from './replay-state';
import { Tab, type TabOptions } from './tab';
import { TabList } from './tab-list';
import { Viewer } from './viewer';

export type TerminalOptions = {
  port: number;
  sessionId: string;
  runToken: string;
  tab: Omit<TabOptions, 'cols' | 'rows' | 'command' | 'greeting'>;
  /** What the first tab says before its shell begins. */
  greeting?: string;
  /** What the first tab runs; null for a plain shell. */
  firstCommand: string | null;
  /** What else the machine answers to. */
  doors?: Pick<Doors, 'request' | 'upgrade'>;
  /** Somebody pressed a key or pasted. */
  onKeystroke: () => void;
  /** Monotonic, in ms. */
  now: () => number;
};

const MOST_TABS = 6;
const MOST_VIEWERS = 16;
/** Terminals, and whoever else the network lets through to us. */
const MOST_CONNECTIONS = 64;
/** A refused socket that does not take its answer is left after this. */
const GOODBYE_MS = 2_000;
/** The largest paste in one piece, each of its characters escaped. Pages send pieces of 16 KiB. */
const MOST_FRAME_BYTES = 22 * 1024 * 1024;
const LOOK_MS = 1_000;

/** Terminals over WebSockets, one a socket; only for replays that the gateway sent to this very run. */
export class TerminalServer {
  private readonly tabs = new TabList(() => {
    for (const viewer of this.viewers) viewer.setTabs(this.tabs.shown);
  });
  private readonly viewers = new Set<Viewer>();
  private readonly http: Server;
  private readonly ws = new WebSocketServer({
    noServer: true,
    maxPayload: MOST_FRAME_BYTES,
    perMessageDeflate: false,
    handleProtocols: (offered) => (offered.has('hourglass') ? 'hourglass' : false),
  });
  /** Nothing of it is written into a terminal: a program draws there. */
  readonly notices: Notices;
  private closing: string | null = null;

  constructor(private readonly options: TerminalOptions) {
    this.notices = new Notices((message) => {
      for (const viewer of this.viewers) viewer.tell(message);
    }, options.now);
    this.http = createServer((request, response) => {
      if (options.doors?.request(request, response)) return;
      const healthy = request.url === '/healthz';
      response
        .writeHead(healthy ? 200 : 404, { 'content-type': 'text/plain' })
        .end(healthy ? 'ok\n' : 'nothing here\n');
    });
    this.http.maxConnections = MOST_CONNECTIONS;
    this.http.headersTimeout = 10_000;
    this.http.on('upgrade', (request, socket, head) => this.upgrade(request, socket, head));
  }

  async listen(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.http.once('error', reject).listen(this.options.port, () => resolve());
    });
    setInterval(() => this.look(), LOOK_MS).unref();
  }

  /** Lines that died and readers that stand still are left. */
  look(): void {
    for (const viewer of [...this.viewers]) viewer.look();
  }

  private upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    // Whoever asks may hang up at any moment or ask nonsense: neither may end the machine.
    socket.on('error', () => {});
    if (this.options.doors?.upgrade(request, socket, head)) return;
    const url = addressOf(request);
    if (!url) return refuse(socket, '400 Bad Request');
    const header = request.headers['fly-replay-src'];
    const state = stateOf(Array.isArray(header) ? header[0] : header);
    const grant = grantOf(state, this.options.runToken, Date.now());
    if (grant === null || url.pathname !== `/terminal/${this.options.sessionId}`)
      return refuse(socket, '401 Unauthorized');
    (socket as Duplex & { setNoDelay?: (on: boolean) => void }).setNoDelay?.(true);
    this.ws.handleUpgrade(request, socket, head, (ws) => this.attach(ws, url.searchParams, grant));
  }

  private attach(ws: WebSocket, query: URLSearchParams, grant: string): void {
    ws.on('error', () => {});
    if (this.closing !== null) return ws.close(4503, this.closing);
    const number = Number(query.get('tab') ?? '1');
    if (!Number.isInteger(number) || number < 1 || number > MOST_TABS)
      return ws.close(4409, 'A session has six tabs.');
    this.makeRoom();
    const size = sizeOf(query.get('cols'), query.get('rows'));
    const tab = this.openTab(number, size?.cols ?? 80, size?.rows ?? 24);
    const page = /^[\w-]{8,64}$/.exec(query.get('page') ?? '')?.[0] ?? null;
    const version = query.get('v') === '2' ? 2 : 1;
    const { now } = this.options;
    const greet = (viewer: Viewer) => {
      viewer.setTabs(this.tabs.shown);
      for (const notice of this.notices.standingNow) viewer.tell({ type: 'notice', ...notice });
    };
    this.watch(ws, tab, new Viewer({ ws, tab, number, version, page, grant, size, greet, now }));
  }

  /** One more than the most: whoever was silent for longest goes. */
  private makeRoom(): void {
    if (this.viewers.size < MOST_VIEWERS) return;
    const [silent] = [...this.viewers].sort((a, b) => a.heardAt - b.heardAt);
    if (!silent) return;
    this.viewers.delete(silent);
    silent.drop(4409, 'This session was opened in too many other windows.');
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

  private watch(ws: WebSocket, tab: Tab, viewer: Viewer): void {
    this.viewers.add(viewer);
    const heard = { viewer, tab, tabs: this.tabs, onKeystroke: this.options.onKeystroke };
    ws.on('message', (data, isBinary) => hear(heard, data, isBinary));
    ws.on('pong', () => viewer.heard());
    ws.on('ping', () => viewer.heard());
    ws.on('close', () => {
      this.viewers.delete(viewer);
      tab.leave(viewer);
    });
    tab.join(viewer);
  }

  /** Whose access the open terminals stand on. */
  grants(): string[] {
    return [...this.viewers].map(({ grant }) => grant);
  }

  /** Closes what was opened with an access that has ended. */
  endGrant(grant: string): void {
    for (const viewer of [...this.viewers])
      if (viewer.grant === grant) viewer.drop(4401, 'Your access to this session has ended.');
  }

  /** Hangs up every shell; with SIGKILL for those that stay. */
  signalShells(name: 'SIGHUP' | 'SIGKILL'): void {
    for (const tab of this.tabs) tab.signal(name);
  }

  /** The living shells, for measuring what their commands do. */
  get shells(): Shell[] {
    const living = [...this.tabs].filter((tab) => tab.exitCode === null);
    return living.map((tab) => ({ pid: tab.pid, takePrinted: () => tab.printed.take() }));
  }

  /** True while a shell lives. */
  get busy(): boolean {
    return [...this.tabs].some((tab) => tab.exitCode === null);
  }

  /** From now on nobody connects, and a shell that ends closes with this reason. */
  beginClosing(reason: string): void {
    this.closing = reason.slice(0, 110);
    for (const viewer of this.viewers) viewer.closing = this.closing;
  }

  /** Closes what is still connected; everybody learns why. */
  close(): void {
    for (const viewer of [...this.viewers]) viewer.drop(4503, this.closing ?? '');
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
