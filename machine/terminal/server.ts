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
  /** A line shown in the first tab before its shell begins. */
  greeting?: string;
  /** The command of the first tab; null for a plain shell. */
  firstCommand: string | null;
  /** The machine's other doors. */
  doors?: Pick<Doors, 'request' | 'upgrade'>;
  /** Called for each key or paste. */
  onKeystroke: () => void;
  /** Monotonic, in ms. */
  now: () => number;
};

const MOST_TABS = 6;
const MOST_VIEWERS = 16;
/** Terminals, requests, and any other connection the network lets through. */
const MOST_CONNECTIONS = 64;
/** A refused socket is destroyed after this, even if the client never reads the answer. */
const GOODBYE_MS = 2_000;
/** The largest paste in one piece, each of its characters escaped. Pages send pieces of 16 KiB. */
const MOST_FRAME_BYTES = 22 * 1024 * 1024;
const LOOK_MS = 1_000;

/** Serves terminals over WebSockets, one per socket, and only for replays that the gateway sent to this run. */
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
  /** Sent as messages, never written into a terminal, where a program draws. */
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

  /** Closes dead connections and viewers that have stopped reading. */
  look(): void {
    for (const viewer of [...this.viewers]) viewer.look();
  }

  private upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    // A client may hang up at any moment or send nonsense; neither may end the agent.
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

  /** Drops the viewer that was silent for longest once the limit is reached. */
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

  /** Returns the grants of the open terminals. */
  grants(): string[] {
    return [...this.viewers].map(({ grant }) => grant);
  }

  /** Closes the terminals opened with a grant that has ended. */
  endGrant(grant: string): void {
    for (const viewer of [...this.viewers])
      if (viewer.grant === grant) viewer.drop(4401, 'Your access to this session has ended.');
  }

  /** Signals every shell: SIGHUP hangs up, SIGKILL kills those that remain. */
  signalShells(name: 'SIGHUP' | 'SIGKILL'): void {
    for (const tab of this.tabs) tab.signal(name);
  }

  /** The running shells, for measuring the work of their commands. */
  get shells(): Shell[] {
    const living = [...this.tabs].filter((tab) => tab.exitCode === null);
    return living.map((tab) => ({ pid: tab.pid, takePrinted: () => tab.printed.take() }));
  }

  /** Whether a shell is running. */
  get busy(): boolean {
    return [...this.tabs].some((tab) => tab.exitCode === null);
  }

  /** Refuses new viewers from now on; a shell that ends closes its viewers with this reason. */
  beginClosing(reason: string): void {
    this.closing = reason.slice(0, 110);
    for (const viewer of this.viewers) viewer.closing = this.closing;
  }

  /** Closes every open terminal with the reason given to `beginClosing`. */
  close(): void {
    for (const viewer of [...this.viewers]) viewer.drop(4503, this.closing ?? '');
  }
}

/** Answers an upgrade with this status and closes the socket within GOODBYE_MS, even if the client never does. */
function refuse(socket: Duplex, status: string): void {
  const leave = setTimeout(() => socket.destroy(), GOODBYE_MS).unref();
  socket.once('close', () => clearTimeout(leave));
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`, () => socket.destroy());
}

/** Returns the URL of an upgrade; null when it is malformed. */
function addressOf(request: IncomingMessage): URL | null {
  try {
    return new URL(request.url ?? '/', 'http://machine');
  } catch {
    return null;
  }
}
