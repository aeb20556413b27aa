import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { mkdtempSync, readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import WebSocket from 'ws';
import { removeFolder } from './remove-folder';

/** The agent's real bundle as a real process, with a service that grants everything and can end an access. */

const TOKEN = 'hgr_test';

export type Line = {
  ws: WebSocket;
  /** Everything the terminal wrote, beginning with the state sent on connect. */
  text: () => string;
  bytes: () => number;
  messages: Record<string, unknown>[];
  closed: Promise<{ code: number; reason: string }>;
  type: (data: string) => void;
  say: (message: object) => void;
};

export type LineOptions = {
  tab?: number;
  cols?: number;
  rows?: number;
  query?: string;
  grant?: string;
  keep?: boolean;
};

function buildAgent(): { folder: string; bundle: string } {
  const folder = mkdtempSync(join(tmpdir(), 'hourglass-terminal-'));
  const bundle = join(folder, 'agent.mjs');
  execFileSync(process.execPath, ['machine/build.mjs', bundle]);
  // The bundle resolves the packages it leaves out from its own folder.
  execFileSync('ln', ['-s', join(process.cwd(), 'node_modules'), join(folder, 'node_modules')]);
  return { folder, bundle };
}

/** Resolves with the port that the agent listens on; rejects when it ends before. */
function portOf(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    child.stdout?.on('data', (chunk: Buffer) => {
      const found = /listening on (\d+)/.exec(chunk.toString());
      if (found) resolve(Number(found[1]));
    });
    child.on('exit', (code) => reject(new Error(`the agent ended with ${code}`)));
  });
}

export class AgentProcess {
  /** Accesses that have ended, and every request about them. */
  readonly ended = new Set<string>();
  readonly questions: string[][] = [];
  /** The answer to the next request for a lease. */
  lease: object;
  /** What the agent sent with each request for a lease. */
  readonly told: Record<string, unknown>[] = [];
  private constructor(
    private readonly child: ChildProcess,
    private readonly api: Server,
    private readonly port: number,
    readonly folder: string,
    lease: object,
  ) {
    this.lease = lease;
  }

  static async start(
    more: Record<string, string> = {},
    lease: object = { action: 'run', leaseMs: 600_000, final: false },
    environment: Record<string, string> | null = null,
  ): Promise<AgentProcess> {
    const { folder, bundle } = buildAgent();
    let agent: AgentProcess | null = null;
    const api = createServer(async (request, response) => {
      let body = '';
      for await (const chunk of request) body += chunk;
      const said = JSON.parse(body) as { grants?: string[] };
      const { grants = [] } = said;
      if (request.url === '/api/agent/lease') agent?.told.push(said);
      if (request.url === '/api/agent/access') agent?.questions.push(grants);
      const ended = grants.filter((grant) => agent?.ended.has(grant));
      const answers: Record<string, object | null> = {
        '/api/agent/environment': environment && { env: environment },
        '/api/agent/access': { ended },
      };
      const answer = answers[request.url ?? ''] ?? agent?.lease ?? lease;
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
    });
    await new Promise<void>((resolve) => api.listen(0, '127.0.0.1', resolve));
    const env = {
      PATH: process.env.PATH,
      HOME: folder,
      PORT: String(20_000 + Math.floor(Math.random() * 20_000)),
      HOURGLASS_WORKSPACE: folder,
      HOURGLASS_API_URL: `http://127.0.0.1:${(api.address() as AddressInfo).port}`,
      HOURGLASS_RUN_ID: 'run',
      HOURGLASS_RUN_TOKEN: TOKEN,
      HOURGLASS_SESSION_ID: 'session',
      HOURGLASS_SHARED: '1',
      HOURGLASS_LEASE_MS: '600000',
      HOURGLASS_GUARD_MS: '300',
      ...more,
    };
    const child = spawn(process.execPath, [bundle], {
      env: env as unknown as NodeJS.ProcessEnv,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    agent = new AgentProcess(child, api, await portOf(child), folder, lease);
    return agent;
  }

  stop(): void {
    this.child.kill('SIGKILL');
    this.api.closeAllConnections();
    this.api.close();
    removeFolder(this.folder);
  }

  /** Resident memory in MiB. */
  memory(): number {
    const status = readFileSync(`/proc/${this.child.pid}/status`, 'utf8');
    return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024;
  }

  /** Returns how early the kernel ends the agent when memory is short; of 1,000. */
  memoryRank(): number {
    return Number(readFileSync(`/proc/${this.child.pid}/oom_score_adj`, 'utf8'));
  }

  /** Returns the `fly-replay-src` header the gateway's replay to one door of this machine carries. */
  replayed(door: string, grant = 'key_1', token = TOKEN, expiresAt = Date.now() + 60_000): string {
    const mac = createHmac('sha256', token).update(`${door}:${expiresAt}:${grant}`).digest('base64url');
    return `instance=a;state=v2.${expiresAt}.${grant}.${mac}`;
  }

  /** Returns the URL of a door of this machine. */
  address(door: string, session = 'session'): string {
    return `127.0.0.1:${this.port}/${door}/${session}`;
  }

  /** Calls a door of this machine as the gateway does. */
  ask(door: string, verb: string, init: RequestInit = {}, grant?: string): Promise<Response> {
    const headers = { 'fly-replay-src': this.replayed(door, grant), ...init.headers };
    return fetch(`http://${this.address(door)}${verb}`, { ...init, headers });
  }

  /** Returns the options of a request for a port of this machine, as the gateway's replay carries it. */
  toPort(port: number, path = '/', headers: Record<string, string> = {}, grant = 'key_1') {
    const host = `${port}--session.ports.test`;
    const replay = { host, 'fly-replay-src': this.replayed(`port-${port}`, grant), ...headers };
    return { host: '127.0.0.1', port: this.port, path, headers: replay, agent: false as const };
  }

  /** Opens a terminal; resolves when its state has arrived. */
  async connect(options: LineOptions = {}): Promise<Line> {
    const { tab = 1, cols = 80, rows = 24, query = '', grant = 'key_1', keep = true } = options;
    const headers = { 'fly-replay-src': this.replayed('terminal', grant) };
    const url = `ws://127.0.0.1:${this.port}/terminal/session?tab=${tab}&cols=${cols}&rows=${rows}${query}`;
    const ws = new WebSocket(url, ['hourglass'], { headers });
    const chunks: Buffer[] = [];
    let bytes = 0;
    const messages: Record<string, unknown>[] = [];
    ws.on('message', (data: Buffer, isBinary) => {
      if (!isBinary) return void messages.push(JSON.parse(data.toString()));
      bytes += data.length;
      if (keep) chunks.push(data);
    });
    const closed = new Promise<{ code: number; reason: string }>((resolve) =>
      ws.on('close', (code, reason) => resolve({ code, reason: reason.toString() })),
    );
    await new Promise<void>((resolve, reject) => {
      ws.on('error', reject);
      ws.on('close', () => resolve());
      ws.on('message', () => messages.some(({ type }) => type === 'ready') && resolve());
    });
    const say = (message: object) => ws.send(JSON.stringify(message));
    return {
      ws,
      messages,
      closed,
      say,
      type: (data) => say({ type: 'input', data }),
      text: () => Buffer.concat(chunks).toString(),
      bytes: () => bytes,
    };
  }
}
