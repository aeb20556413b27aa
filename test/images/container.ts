import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { endChild, signal, waitFor } from '@/scripts/services/processes';
import { unwatchGroup, watchGroup } from '@/scripts/services/watchdog';
import type { Env } from '../production-tree';
import type { Image } from './workshop';

/**
 * Runs an image as a container runtime does: its own root, user, folder, environment and entrypoint, as process 1 of
 * its own process namespace. The network is the host's, where the tests' PostgreSQL and Redis listen.
 */

/** Runs "$@" in the image's file system, with mounts that no other process sees. */
const ENTER = `
mount -t proc proc "$RUN_ROOT/proc"
mount --rbind /dev "$RUN_ROOT/dev"
for file in hosts resolv.conf; do
  touch "$RUN_ROOT/etc/$file"
  mount --bind "/etc/$file" "$RUN_ROOT/etc/$file"
done
exec chroot --userspec="$RUN_USER" "$RUN_ROOT" "$@"
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
    const words = [...(Entrypoint ?? []), ...(how.words.length > 0 ? how.words : (Cmd ?? []))];
    const script = ['sh', '-ec', ENTER, 'sh', ...commandOf(image, { ...how, words })];
    this.child = begin('unshare', ['--mount', '--pid', '--fork', '--kill-child', ...script], how, {
      RUN_ROOT: image.rootDir,
      RUN_USER: idsOf(image, how).join(':'),
    });
    const { pid } = this.child;
    if (pid) watchGroup(pid, 'SIGKILL');
    collect(this.child, this.output);
    this.ended = new Promise((resolve) =>
      this.child.once('close', (code) => {
        if (pid) unwatchGroup(pid);
        resolve(code);
      }),
    );
  }

  said = (): string => `${this.output.out}${this.output.error}`;

  /** Resolves with the result once the container has ended. */
  async result(): Promise<Ran> {
    return { code: await this.ended, ...this.output };
  }

  /** The id of the container's process 1, as this process sees it. */
  get pid(): number {
    const { pid } = this.child;
    return Number(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ')[0]);
  }

  stop(): void {
    signal(this.pid, this.image.config.StopSignal as NodeJS.Signals);
  }

  /** Runs the image's health check in the container, with the given environment. */
  async healthcheck(env: Env): Promise<Ran> {
    const [kind, ...words] = this.image.config.Healthcheck?.Test ?? [];
    if (kind !== 'CMD') throw new Error('This image has no health check that is a command.');
    return this.execute({ words, env });
  }

  /** Runs a command beside process 1, in its namespaces and its file system. */
  async execute(how: How): Promise<Ran> {
    const [uid, gid] = idsOf(this.image, how);
    const where = ['--target', String(this.pid), '--mount', '--pid', '--root'];
    const who = [`--setuid=${uid}`, `--setgid=${gid}`];
    const child = begin('nsenter', [...where, ...who, '--', ...commandOf(this.image, how)], how);
    const output = collect(child, { out: '', error: '' });
    const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
    return { code, ...output };
  }

  /** Waits until the image's own health check succeeds. Throws with the container's output when it does not. */
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

/** Runs a container until it ends. */
export const runToEnd = (image: Image, how: How): Promise<Ran> => new Container(image, how).result();

/** Returns the full command with its folder and only its own environment. */
function commandOf({ config }: Image, { words, env = {}, folder }: How): string[] {
  const variables = Object.entries(env).map(([name, value]) => `${name}=${value}`);
  const dir = folder ?? (config.WorkingDir || '/');
  return ['/usr/bin/env', '-i', '-C', dir, ...config.Env, ...variables, ...words];
}

function begin(program: string, args: string[], { input = '' }: How, env: Env = {}): ChildProcess {
  const child = spawn(program, args, {
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { PATH: process.env.PATH, ...env } as unknown as NodeJS.ProcessEnv,
  });
  child.stdin?.on('error', () => {});
  child.stdin?.end(input);
  return child;
}

function collect<T extends { out: string; error: string }>({ stdout, stderr }: ChildProcess, output: T): T {
  stdout?.on('data', (chunk) => (output.out += chunk));
  stderr?.on('data', (chunk) => (output.error += chunk));
  return output;
}

/** Returns user and group as numbers from the image's own list, because this computer may not know the names. */
function idsOf({ config, rootDir }: Image, { user }: How): [uid: string, gid: string] {
  const wanted = user ?? (config.User || 'root');
  const rows = readFileSync(`${rootDir}/etc/passwd`, 'utf8').split('\n');
  const [, , uid, gid] = rows.map((row) => row.split(':')).find(([name]) => name === wanted) ?? [];
  if (!uid || !gid) throw new Error(`The image has no user ${wanted}.`);
  return [uid, gid];
}
