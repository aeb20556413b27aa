import { createServer, connect as openSocket, type Socket } from 'node:net';

/** A connection through the relay, and whether it still forwards anything. */
type Pair = { client: Socket; upstream: Socket; isSilent: boolean; hasBegun: boolean };

/** What the relay answers instead of PostgreSQL, on connecting or on a query: an SQLSTATE, or a reset. */
type Refusal = { code: string; at: 'connecting' | 'asking' };

/** A TCP relay in front of PostgreSQL that can cut connections, hold them silent, or answer in its place. */
export class DatabaseDoor {
  url = '';
  /** The next connection that sends this text is cut there, with a reset. */
  cutAt: string | null = null;
  /** Every connection that sends this text goes silent there. */
  silenceAt: string | null = null;
  /** New connections are accepted and never answered. */
  isMute = false;
  refusal: Refusal | null = null;
  private readonly pairs = new Set<Pair>();
  private readonly target: URL;
  private readonly server = createServer((client) => this.take(client));

  constructor(target: string) {
    this.target = new URL(target);
  }

  async open(port = 0): Promise<void> {
    await new Promise<void>((done) => this.server.listen(port, '127.0.0.1', done));
    const { port: opened } = this.server.address() as { port: number };
    this.url = Object.assign(new URL(this.target), { host: `127.0.0.1:${opened}` }).href;
  }

  /** The number of open connections. */
  get count(): number {
    return this.pairs.size;
  }

  cut(how: 'politely' | 'hard'): void {
    for (const { client } of this.pairs) how === 'hard' ? client.resetAndDestroy() : client.destroy();
    this.pairs.clear();
  }

  /** Forwards nothing more on the open connections, without closing them; new ones are served. */
  silence(): void {
    for (const pair of this.pairs) pair.isSilent = true;
  }

  async close(): Promise<void> {
    this.cut('hard');
    await new Promise((done) => this.server.close(done));
  }

  private take(client: Socket): void {
    const { hostname, port } = this.target;
    const upstream = openSocket({ host: hostname, port: Number(port) });
    const pair: Pair = { client, upstream, isSilent: this.isMute, hasBegun: false };
    this.pairs.add(pair);
    client.on('data', (said) => this.hear(pair, said));
    upstream.on('data', (said) => pair.isSilent || client.write(said));
    for (const socket of [client, upstream]) socket.on('error', () => {});
    client.on('close', () => {
      this.pairs.delete(pair);
      upstream.destroy();
    });
    upstream.on('close', () => pair.isSilent || client.destroy());
  }

  private hear(pair: Pair, said: Buffer): void {
    if (pair.isSilent) return;
    const { client, upstream } = pair;
    if (this.cutAt && said.includes(this.cutAt)) {
      this.cutAt = null;
      return this.cut('hard');
    }
    if (this.silenceAt && said.includes(this.silenceAt)) {
      pair.isSilent = true;
      return;
    }
    const at = pair.hasBegun ? 'asking' : 'connecting';
    pair.hasBegun = true;
    if (this.refusal?.at !== at) return void upstream.write(said);
    pair.isSilent = true;
    if (this.refusal.code === 'reset') client.resetAndDestroy();
    else client.end(fatal(this.refusal.code));
  }
}

/** Returns PostgreSQL's FATAL message that ends a connection, with this SQLSTATE. */
function fatal(code: string): Buffer {
  const fields = Buffer.from(`SFATAL\0VFATAL\0C${code}\0Mnot now\0\0`);
  const head = Buffer.alloc(5);
  head.write('E');
  head.writeInt32BE(4 + fields.length, 1);
  return Buffer.concat([head, fields]);
}
