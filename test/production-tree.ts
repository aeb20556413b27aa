import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { endChild, waitFor } from '@/scripts/services/processes';
import { unwatchGroup, watchGroup } from '@/scripts/services/watchdog';
import { ROOT } from '@/scripts/stack-part';

/** The files of this repository that a production host gets. */
const SHIPPED = ['package.json', 'package-lock.json', '.npmrc', 'scripts/start.mjs', 'dist'];

export type Env = Record<string, string>;
export type Ended = { code: number; out: string; error: string };
export type Running = { child: ChildProcess; said(): string; ended: Promise<number | null> };

/** A folder with only what production runs and production's packages. */
export class ProductionTree {
  readonly dir = mkdtempSync(join(tmpdir(), 'hourglass-production-'));
  private readonly running: Running[] = [];

  /** Installs as on a production host: no development packages, no install scripts. */
  async install(): Promise<void> {
    for (const path of SHIPPED) {
      mkdirSync(dirname(join(this.dir, path)), { recursive: true });
      cpSync(join(ROOT, path), join(this.dir, path), { recursive: true, verbatimSymlinks: true });
    }
    const flags = ['--omit=dev', '--ignore-scripts', '--prefer-offline', '--loglevel=error'];
    const { code, error } = await this.npm(['ci', ...flags], {});
    if (code !== 0) throw new Error(`npm ci failed: ${error}`);
  }

  /** Runs `npm <words>` until it ends, with only the given variables in its environment. */
  npm(words: string[], env: Env, input = ''): Promise<Ended> {
    return new Promise((resolve) => {
      const child = execFile(
        'npm',
        words,
        { cwd: this.dir, env: this.environment(env), timeout: 240_000 },
        (failure, out, error) => resolve({ code: failure ? Number(failure.code ?? 1) : 0, out, error }),
      );
      child.stdin?.end(input);
    });
  }

  /** Runs Node with these arguments; returns how long the process ran, in ms. Throws when it fails. */
  async nodeMs(words: string[], env: Env): Promise<number> {
    const from = performance.now();
    const options = { cwd: this.dir, env: this.environment(env), timeout: 60_000 };
    await promisify(execFile)(process.execPath, words, options);
    return performance.now() - from;
  }

  /** Starts `npm run <script>` in its own process group without waiting. */
  start(script: string, env: Env): Running {
    const child = spawn('npm', ['run', '--silent', script], {
      cwd: this.dir,
      env: this.environment(env),
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const { pid } = child;
    if (pid) watchGroup(pid, 'SIGKILL');
    let said = '';
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => (said += chunk));
    const ended = new Promise<number | null>((resolve) =>
      child.once('exit', (code) => {
        if (pid) unwatchGroup(pid);
        resolve(code);
      }),
    );
    const running = { child, said: () => said, ended };
    this.running.push(running);
    return running;
  }

  /** Starts a script and waits until `url` answers with 200. */
  async startReady(script: string, env: Env, url: string): Promise<Running> {
    const running = this.start(script, env);
    const answers = () =>
      fetch(url).then(
        (response) => response.ok,
        () => false,
      );
    const isOver = async () => running.child.exitCode !== null || (await answers());
    if (!(await waitFor(isOver, 60_000, 100)) || running.child.exitCode !== null)
      throw new Error(`${script} did not get ready: ${running.said()}`);
    return running;
  }

  async remove(): Promise<void> {
    await Promise.all(this.running.map(({ child }) => endChild(child, 'SIGTERM', 10_000)));
    rmSync(this.dir, { recursive: true, force: true });
  }

  private environment(env: Env): NodeJS.ProcessEnv {
    const { PATH, HOME, npm_config_registry, npm_config_cache } = process.env;
    return { PATH, HOME, npm_config_registry, npm_config_cache, ...env } as unknown as NodeJS.ProcessEnv;
  }
}
