import { appendFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
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
import type { PartName } from '@/scripts/stack-part';
import { showInstallation } from '@/server/inventory/show-installation';
import { DatabaseDoor } from '../database-door';
import type { Chance } from '../simulation/events';
import { type Front, openFront } from './front';
import { call, insist } from './insist';
import { keepLogs, killMachines } from './leftovers';
import { type OtherInstallation, openOther } from './other-installation';
import { shiftDatabase, shiftedAgent, shiftedEnv, shiftOwnClock, shiftTo } from './shift';
import { Spans } from './spans';

/** The whole product as real processes on this computer, each of which can be broken and repaired. */

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

/** The functions that stop what was started, run in reverse order. */
type Undo = (() => Promise<unknown> | unknown)[];

export class Setting {
  readonly spans = new Spans();
  readonly down = new Set<string>();
  private closing: Promise<void> | undefined;
  private secrets = [ENV.AUTH_SECRET];

  private constructor(
    readonly dir: string,
    private postgres: PostgresServer,
    private redis: RedisServer,
    /** The relay between the product and PostgreSQL. */
    readonly door: DatabaseDoor,
    private readonly front: Front,
    readonly stack: Stack,
    readonly operator: ReturnType<typeof openOperatorContext>,
    /** When the month ends on the shifted clocks. */
    readonly edgeAt: number,
    /** How far all clocks are ahead of this computer's, in ms. */
    readonly shiftMs: number,
    readonly other: OtherInstallation,
    private readonly name: string,
  ) {}

  /** Builds what is needed and starts everything; stops the started parts when one of them fails. */
  static async open(
    chance: Chance,
    say: (line: string) => void,
    edgeInMs: number,
    name: string,
  ): Promise<Setting> {
    const dir = mkdtempSync(join(tmpdir(), 'hourglass-chaos-'));
    const undo: Undo = [() => rmSync(dir, { recursive: true, force: true })];
    try {
      await buildAll({ say });
      const { shiftMs, edgeAt } = shiftTo(edgeInMs);
      await shiftOwnClock(shiftMs);
      const { postgres, redis } = await openServices(dir, shiftMs, undo);
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
        env: { ...ENV, ...shiftedEnv(shiftMs), APP_URL: front.url },
        cloudEnv: { ...shiftedEnv(shiftMs), CLOUD_MACHINE_COMMAND: shiftedAgent(shiftMs) },
      });
      undo.push(() => stack.stop());
      front.targets = stack.webUrls.map((url) => Number(new URL(url).port));
      const { id } = await showInstallation(operator.ctx);
      const other = await openOther({
        dir,
        stack,
        databaseUrl: postgres.url,
        shiftMs,
        first: { id, operator },
      });
      return new Setting(dir, postgres, redis, door, front, stack, operator, edgeAt, shiftMs, other, name);
    } catch (error) {
      for (const step of undo.reverse()) await Promise.resolve(step()).catch(() => {});
      throw error;
    }
  }

  /** Appends a line to the log of faults, beside the logs of the processes. */
  note(what: string): void {
    appendFileSync(join(this.dir, 'logs/faults.log'), `${new Date().toISOString()} ${what}\n`);
  }

  /** Polls the health of every web process, like a load balancer, and routes only to healthy ones. */
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

  /** The URL for what the product's role may not do. */
  get databaseUrl() {
    return this.postgres.url;
  }

  get sql() {
    return this.operator.ctx.sql;
  }

  /** The URL of the web processes, as machines know it. */
  get frontUrl(): string {
    return this.front.url;
  }

  /**
   * Puts this secret before the current ones for the next start of web, timekeeper and gateway. Returns the first
   * secret.
   */
  rotateSecret(secret: string): { oldest: string } {
    this.secrets.unshift(secret);
    this.stack.changeEnv({ AUTH_SECRET: this.secrets.join(',') });
    return { oldest: ENV.AUTH_SECRET };
  }

  get stripeUrl(): string {
    return `http://127.0.0.1:${this.stack.ports.stripe}`;
  }

  /** Calls the local cloud's controls. Throws while it is unavailable. */
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

  /** Suspends a process, as a paused host would. */
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

  /** Stops everything, machines included, and removes its files. May be called at any time, and more than once. */
  close(): Promise<void> {
    this.closing ??= this.end();
    return this.closing;
  }

  private async end(): Promise<void> {
    for (const name of this.stack.names) signalIfAlive(this.stack.pidOf(name), 'SIGCONT');
    await Promise.all([this.stack.stop(), this.other.close()]);
    await this.front.close();
    await this.door.close();
    await this.operator.close().catch(() => {});
    await Promise.all([this.postgres.stop(), this.redis.stop()]);
    killMachines(this.dir);
    keepLogs(this.dir, this.name);
    for (const folder of [this.dir, join('/var/tmp', this.dir.split('/').at(-1) as string)])
      rmSync(folder, { recursive: true, force: true });
  }
}

/** Starts PostgreSQL with the product's tables on the shifted clock, and Redis. */
async function openServices(dir: string, shiftMs: number, undo: Undo) {
  const postgres = await startPostgres({ dataDir: join('/var/tmp', `${dir.split('/').at(-1)}`, 'data') });
  undo.push(() => postgres.stop());
  mkdirSync(join(dir, 'redis'), { recursive: true });
  const redis = await startRedis({ dir: join(dir, 'redis') });
  undo.push(() => redis.stop());
  await migrateDatabase(postgres.url);
  await shiftDatabase(postgres.url, shiftMs);
  return { postgres, redis };
}

function signalIfAlive(pid: number, name: NodeJS.Signals): void {
  if (pid > 0) signal(pid, name);
}
