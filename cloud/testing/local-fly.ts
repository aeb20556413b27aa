import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { MachineConfig } from '../fly/records';
import { type FlyOptions, type StartedFly, startFly } from '../fly/server';

export interface Answer {
  status: number;
  // biome-ignore lint/suspicious/noExplicitAny: tests read what the provider answers, and expect() checks it
  body: any;
}

/** A Machines API on a free port with its own directory, and helpers for common calls. */
export class LocalFly {
  private constructor(
    readonly stateDir: string,
    private readonly options: Partial<FlyOptions>,
    public fly: StartedFly,
  ) {}

  static async start(options: Partial<FlyOptions> = {}): Promise<LocalFly> {
    const stateDir = mkdtempSync(join(tmpdir(), 'hourglass-cloud-'));
    const merged = { machineCommand: 'sleep 1000', rateLimits: false, ...options };
    return new LocalFly(stateDir, merged, await startFly({ port: 0, stateDir, ...merged }));
  }

  /** Closes the API but not its machines, and starts the API again on the same directory. */
  async restart(whileDown: () => Promise<void> | void = () => {}): Promise<void> {
    await this.fly.close({ keepMachines: true });
    await whileDown();
    this.fly = await startFly({ port: 0, stateDir: this.stateDir, ...this.options });
  }

  async close(): Promise<void> {
    await this.fly.close();
    rmSync(this.stateDir, { recursive: true, force: true });
  }

  async call(method: string, path: string, body?: unknown, token = 'test'): Promise<Answer> {
    const response = await fetch(`http://127.0.0.1:${this.fly.port}/v1/${path}`, {
      method,
      headers: { authorization: `Bearer ${token}` },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const text = await response.text();
    return { status: response.status, body: text ? JSON.parse(text) : undefined };
  }

  /** Creates a machine, and its app `a` if missing. Returns the machine's id. */
  async create(name: string, config: Partial<MachineConfig> = {}): Promise<string> {
    await this.call('POST', 'apps', { app_name: 'a', org_slug: 'o', network: 'n' });
    const whole = { image: 'session', auto_destroy: true, restart: { policy: 'no' }, ...config };
    const { status, body } = await this.call('POST', 'apps/a/machines', { name, config: whole });
    if (status !== 200) throw new Error(`create answered ${status}: ${JSON.stringify(body)}`);
    return body.id as string;
  }

  async wait(id: string, state: string, timeout = 20): Promise<Answer> {
    return this.call('GET', `apps/a/machines/${id}/wait?state=${state}&timeout=${timeout}`);
  }

  /** Creates a machine and waits until it runs. Returns the machine's id. */
  async run(name: string, config: Partial<MachineConfig> = {}): Promise<string> {
    const id = await this.create(name, config);
    const { status, body } = await this.wait(id, 'started');
    if (status !== 200) throw new Error(`wait answered ${status}: ${JSON.stringify(body)}`);
    return id;
  }

  get(id: string): Promise<Answer> {
    return this.call('GET', `apps/a/machines/${id}`);
  }
}

/** Polls until `read` returns a value, and returns the value. Throws after 10 s. */
export async function until<T>(
  read: () => T | undefined | null | false | Promise<T | undefined | null | false>,
): Promise<T> {
  for (const end = Date.now() + 10_000; Date.now() < end; ) {
    const value = await read();
    if (value) return value;
    await new Promise((done) => setTimeout(done, 10));
  }
  throw new Error('The condition did not come true within 10 s.');
}
