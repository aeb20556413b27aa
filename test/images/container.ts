import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { endChild, signal, waitFor } from '@/scripts/services/processes';
import { unwatchGroup, watchGroup } from '@/scripts/services/watchdog';
import type { Env } from '../production-tree';
import type { Image } from './workshop';

/**
 * Runs an image as a container runtime does: its own root, user, folder, environment and entrypoint, as process 1 of its
 * own process namespace. The network is the host's, where the test's PostgreSQL and Redis listen.
 */

const ENTER = 'exec chroot --userspec="$RUN_USER" "$RUN_ROOT" /usr/bin/env -i -C "$RUN_DIR" "$@"';
const MOUNTS = `
mount -t proc proc "$RUN_ROOT/proc"
mount --rbind /dev "$RUN_ROOT/dev"
for file in hosts resolv.conf; do
  touch "$RUN_ROOT/etc/$file"
  mount --bind "/etc/$file" "$RUN_ROOT/etc/$file"
done
`;

export type Ran = { code: number | null; out: string; error: string };
type How = { words: string[]; env?: Env; input?: string; folder?: string; user?: string };

export class Container {
  readonly ended: Promise<number | null>;
  private readonly output = { out: '', error: '' };
  private readonly child: ChildProcess;

  /** `words` follow the entrypoint; without any the image's own command does. */
  constructor(
    private readonly image: Image,
    how: How,
  ) {
    const { Entrypoint, Cmd } = image.config;
    const words = [...Entrypoint, ...(how.words.length > 0 ? how.words : (Cmd ?? []))];
    const namespaces = ['--mount', '--pid', '--fork', '--kill-child'];
    this.child = enter(image, 'unshare', namespaces, `${MOUNTS}${ENTER}`, { ...how, words });
    const { pid } = this.child;
    if (pid) watchGroup(pid, 'SIGKILL');
    this.child.stdout?.on('data', (chunk) => (this.output.out += chunk));
    this.child.stderr?.on('data', (chunk) => (this.output.error += chunk));
    this.ended = new Promise((resolve) =>
      this.child.once('close', (code) => {
        if (pid) unwatchGroup(pid);
        resolve(code);
      }),
    );
  }

  said = (): string => `${this.output.out}${this.output.error}`;

  /** Its result, once it ended. */
  async result(): Promise<Ran> {
    return { code: await this.ended, ...this.output };
  }

  /** The id of process 1 of the container, as this process knows it. */
  get pid(): number {
    const { pid } = this.child;
    return Number(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ')[0]);
  }

  stop(): void {
    signal(this.pid, this.image.config.StopSignal as NodeJS.Signals);
  }

  /** Runs the image's health check in the container, with the environment that the container has. */
  async healthcheck(env: Env): Promise<Ran> {
    const [kind, ...words] = this.image.config.Healthcheck?.Test ?? [];
    if (kind !== 'CMD') throw new Error('This image has no health check that is a command.');
    return this.execute({ words, env });
  }

  /** Runs a command beside process 1. */
  async execute(how: How): Promise<Ran> {
    const child = enter(
      this.image,
      'nsenter',
      ['--target', String(this.pid), '--mount', '--pid'],
      ENTER,
      how,
    );
    const output = { out: '', error: '' };
    child.stdout?.on('data', (chunk) => (output.out += chunk));
    child.stderr?.on('data', (chunk) => (output.error += chunk));
    const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
    return { code, ...output };
  }

  /** Waits until the image's own health check says yes. Throws with what the process said when it does not. */
  async healthy(env: Env): Promise<void> {
    let last: Ran | undefined;
    const isOver = async () => {
      if (this.child.exitCode !== null) return true;
      last = await this.healthcheck(env);
      return last.code === 0;
    };
    if (!(await waitFor(isOver, 60_000, 200)) || this.child.exitCode !== null)
      throw new Error(`The container is not healthy: ${last?.error}${this.said()}`);
  }

  remove = (): Promise<void> => endChild(this.child, 'SIGKILL', 5_000);
}

function enter(image: Image, program: string, flags: string[], script: string, how: How): ChildProcess {
  const { config, rootDir } = image;
  const variables = Object.entries(how.env ?? {}).map(([name, value]) => `${name}=${value}`);
  const child = spawn(
    program,
    [...flags, 'sh', '-ec', script, 'sh', ...config.Env, ...variables, ...how.words],
    {
      detached: true,
      stdio: ['pipe', 'pipe', 'pipe'],
      env: {
        PATH: process.env.PATH,
        RUN_ROOT: rootDir,
        RUN_USER: how.user ?? (config.User || 'root'),
        RUN_DIR: how.folder ?? (config.WorkingDir || '/'),
      } as unknown as NodeJS.ProcessEnv,
    },
  );
  child.stdin?.on('error', () => {});
  child.stdin?.end(how.input ?? '');
  return child;
}

/** Runs a container to its end. */
export const runToEnd = (image: Image, how: How): Promise<Ran> => new Container(image, how).result();
