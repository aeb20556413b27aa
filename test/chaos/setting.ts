import { appendFileSync, cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { migrateDatabase } from '@/db/migrate';
import { openOperatorContext } from '@/operator/context';
import { buildAll } from '@/scripts/build-all';
import { type PostgresServer, startPostgres } from '@/scripts/services/postgres';
import { signal, sleep } from '@/scripts/services/processes';
import { type RedisServer, startRedis } from '@/scripts/services/redis';
import { type Stack, startStack } from '@/scripts/stack';
import { type PartName, ROOT } from '@/scripts/stack-part';
import { LATE, withTimeout } from '@/server/with-timeout';
import { DatabaseDoor } from '../database-door';
import type { Chance } from '../simulation/events';
import { type Front, openFront } from './front';
import { Spans } from './spans';

/** The whole product as real processes on this computer, each of which may be broken and mended. */

export const RULES = {
  leaseMaxMs: 15_000,
  leaseMinMs: 4_000,
  guardMs: 1_000,
  graceMs: 2_000,
  minStartMs: 3_000,
};

const ENV = {
  LEASE_MAX_SECONDS: String(RULES.leaseMaxMs / 1000),
  LEASE_MIN_SECONDS: String(RULES.leaseMinMs / 1000),
  LEASE_GUARD_SECONDS: String(RULES.guardMs / 1000),
  STOP_GRACE_SECONDS: String(RULES.graceMs / 1000),
  MIN_START_SECONDS: String(RULES.minStartMs / 1000),
  BOOT_TIMEOUT_SECONDS: '15',
  SWEEP_INTERVAL_MS: '500',
  RECONCILE_INTERVAL_SECONDS: '3',
  START_RATE_PER_MINUTE: '100000',
  AUTH_SECRET: 'chaos-secret-chaos-secret-chaos-secret',
};

export class Setting {
  readonly spans = new Spans();
  readonly down = new Set<string>();
  private closing: Promise<void> | undefined;

  private constructor(
    readonly dir: string,
    private postgres: PostgresServer,
    private redis: RedisServer,
    /** What lies between the product and PostgreSQL. */
    readonly door: DatabaseDoor,
    private readonly front: Front,
    readonly stack: Stack,
    readonly operator: ReturnType<typeof openOperatorContext>,
  ) {}

  /** Builds what must be built and starts everything; what was started ends again when a part of it fails. */
  static async open(chance: Chance, say: (line: string) => void): Promise<Setting> {
    const dir = mkdtempSync(join(tmpdir(), 'hourglass-chaos-'));
    const undo: (() => Promise<unknown> | unknown)[] = [() => rmSync(dir, { recursive: true, force: true })];
    try {
      await buildAll({ say });
      const postgres = await startPostgres({ dataDir: join('/var/tmp', `${dir.split('/').at(-1)}`, 'data') });
      undo.push(() => postgres.stop());
      mkdirSync(join(dir, 'redis'), { recursive: true });
      const redis = await startRedis({ dir: join(dir, 'redis') });
      undo.push(() => redis.stop());
      await migrateDatabase(postgres.url);
      const operator = openOperatorContext({
        AUTH_SECRET: ENV.AUTH_SECRET,
        DATABASE_URL: postgres.url,
        LOG_LEVEL: 'silent',
      });
      undo.push(() => operator.close());
      const door = new DatabaseDoor(postgres.url);
      await door.open();
      undo.push(() => door.close());
      const front = await openFront(chance);
      undo.push(() => front.close());
      const stack = await startStack({
        dir,
        databaseUrl: door.url,
        redisUrl: redis.url,
        authSecret: ENV.AUTH_SECRET,
        count: { web: 2, worker: 2 },
        env: { ...ENV, APP_URL: front.url },
      });
      front.targets = stack.webUrls.map((url) => Number(new URL(url).port));
      return new Setting(dir, postgres, redis, door, front, stack, operator);
    } catch (error) {
      for (const step of undo.reverse()) await Promise.resolve(step()).catch(() => {});
      throw error;
    }
  }

  /** A line in the story of this run, beside the logs of its processes. */
  note(what: string): void {
    appendFileSync(join(this.dir, 'logs/faults.log'), `${new Date().toISOString()} ${what}\n`);
  }

  /** Asks every web process again and again whether it lives, as a load balancer does, and sends nobody to one that does not. */
  watchWebs(): { end(): Promise<void> } {
    let ended = false;
    const lanes = this.stack.webUrls.map(async (url, i) => {
      const port = Number(new URL(url).port);
      for (let back: (() => void) | null = null; !ended; await sleep(250)) {
        const alive = await fetch(`${url}/healthz`, { signal: AbortSignal.timeout(1_000) }).then(
          (answer) => answer.ok,
          () => false,
        );
        if (alive === (back === null)) continue;
        back?.();
        back = alive ? null : this.spans.begin(i === 0 ? 'web' : `web${i + 1}`);
        const others = this.front.targets.filter((target) => target !== port);
        this.front.targets = alive ? [...others, port] : others;
      }
    });
    return {
      end: async () => {
        ended = true;
        await Promise.all(lanes);
      },
    };
  }

  /** For what the product's role may not do. */
  get databaseUrl() {
    return this.postgres.url;
  }

  get sql() {
    return this.operator.ctx.sql;
  }

  get stripeUrl(): string {
    return `http://127.0.0.1:${this.stack.ports.stripe}`;
  }

  /** Calls the local cloud's controls; throws while it is away. */
  async control<T>(path: string, body?: unknown, method = body === undefined ? 'GET' : 'POST'): Promise<T> {
    return call<T>(`${this.stack.controlUrl}${path}`, method, body);
  }

  async stripe<T>(path: string, body?: unknown, method = body === undefined ? 'GET' : 'POST'): Promise<T> {
    return call<T>(`${this.stripeUrl}/_control/${path}`, method, body);
  }

  /** Ends a process of the product and starts it again `awayMs` later. */
  async restart(name: PartName, how: NodeJS.Signals, awayMs: number): Promise<void> {
    if (this.down.has(name)) return;
    this.down.add(name);
    const back = this.spans.begin(name);
    await this.stack.kill(name, how);
    await sleep(awayMs);
    for (let tries = 0; !this.closing; tries++) {
      const failure = await this.stack.start(name).then(
        () => null,
        (error: unknown) => error,
      );
      if (failure === null) break;
      await this.stack.kill(name, 'SIGKILL');
      if (tries === 3) throw failure;
    }
    back();
    this.down.delete(name);
  }

  /** Holds a process still, as a host that pauses does. */
  async freeze(name: PartName, ms: number): Promise<void> {
    const pid = this.stack.pidOf(name);
    if (this.down.has(name) || pid <= 0) return;
    this.down.add(name);
    const back = this.spans.begin('frozen');
    signal(pid, 'SIGSTOP');
    await sleep(ms);
    signal(pid, 'SIGCONT');
    back();
    this.down.delete(name);
  }

  async restartPostgres(how: NodeJS.Signals, awayMs: number): Promise<void> {
    if (this.down.has('postgres')) return;
    this.down.add('postgres');
    const back = this.spans.begin('postgres');
    const { port, dataDir, pid } = this.postgres;
    signal(pid, how);
    await this.postgres.stop();
    await sleep(awayMs);
    this.postgres = await insist(() => startPostgres({ dataDir, port }), 30_000, {
      givenUp: () => !!this.closing,
      tryMs: 120_000,
    });
    back();
    this.down.delete('postgres');
  }

  async restartRedis(how: NodeJS.Signals, awayMs: number): Promise<void> {
    if (this.down.has('redis')) return;
    this.down.add('redis');
    const { port, pid } = this.redis;
    signal(pid, how);
    await this.redis.stop();
    await sleep(awayMs);
    this.redis = await insist(() => startRedis({ dir: join(this.dir, 'redis'), port }), 30_000, {
      givenUp: () => !!this.closing,
      tryMs: 120_000,
    });
    this.down.delete('redis');
  }

  async flushRedis(): Promise<void> {
    const client = new Redis(this.redis.url, { maxRetriesPerRequest: 1, retryStrategy: () => null });
    client.on('error', () => {});
    await client.flushall().catch(() => {});
    client.disconnect();
  }

  /** Ends everything, machines included, and removes every trace. Can be called at any time, twice too. */
  close(): Promise<void> {
    this.closing ??= this.end();
    return this.closing;
  }

  private async end(): Promise<void> {
    for (const name of this.stack.names) signalIfAlive(this.stack.pidOf(name), 'SIGCONT');
    await this.stack.stop();
    await this.front.close();
    await this.door.close();
    await this.operator.close().catch(() => {});
    await Promise.all([this.postgres.stop(), this.redis.stop()]);
    killMachines(this.dir);
    keepLogs(this.dir);
    for (const folder of [this.dir, join('/var/tmp', this.dir.split('/').at(-1) as string)])
      rmSync(folder, { recursive: true, force: true });
  }
}

function signalIfAlive(pid: number, name: NodeJS.Signals): void {
  if (pid > 0) signal(pid, name);
}

/**
 * Repeats `work` until it succeeds; throws its last error after `withinMs`, or when nobody waits any more. A try that
 * does not end counts as failed after `tryMs`.
 */
export async function insist<T>(
  work: () => Promise<T>,
  withinMs: number,
  { givenUp = () => false, tryMs = 25_000 }: { givenUp?: () => boolean; tryMs?: number } = {},
): Promise<T> {
  const until = Date.now() + withinMs;
  for (;;) {
    try {
      const done = await withTimeout(work(), tryMs);
      if (done !== LATE) return done;
      throw new Error(`No answer within ${tryMs / 1000} s.`);
    } catch (error) {
      if (Date.now() > until || givenUp()) throw error;
      await sleep(200);
    }
  }
}

async function call<T>(url: string, method: string, body?: unknown): Promise<T> {
  const response = await fetch(url, {
    method,
    headers: { 'content-type': 'application/json' },
    body: body === undefined ? undefined : JSON.stringify(body),
    signal: AbortSignal.timeout(20_000),
  });
  if (!response.ok) throw new Error(`${method} ${url} answered ${response.status}: ${await response.text()}`);
  return (await response.json()) as T;
}

/** What the processes and machines of the last run said stays in `.hourglass/chaos`. */
function keepLogs(dir: string): void {
  const kept = join(ROOT, '.hourglass/chaos');
  rmSync(kept, { recursive: true, force: true });
  const wanted = /\/(home|workspace|volumes|apps|redis|stripe)(\/|$)/;
  cpSync(dir, kept, { recursive: true, filter: (path) => !wanted.test(path.slice(dir.length)) });
}

/** Machines outlive their cloud: whatever still runs below this folder is ours and ends with it. */
function killMachines(dir: string): void {
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      if (
        Number(pid) !== process.pid &&
        readFileSync(`/proc/${pid}/environ`, 'latin1').includes(`=${dir}/cloud/`)
      )
        process.kill(Number(pid), 'SIGKILL');
    } catch {
      // It ended by itself, or is not ours to read.
    }
  }
}
