import { type ChildProcess, spawn } from 'node:child_process';
import { createWriteStream, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { endChild, SetupError, signal, waitFor } from './services/processes';
import { unwatchGroup, watchGroup } from './services/watchdog';

export const ROOT = fileURLToPath(new URL('..', import.meta.url));

export type PartKind = 'cloud' | 'web' | 'worker' | 'gateway';
/** The first process of a kind has its bare name; further web and worker processes are `web2`, `worker2` … */
export type PartName = PartKind | `${'web' | 'worker'}${number}`;
export type Command = { args: string[]; env: Record<string, string>; readyUrl: string };

export type PartOptions = {
  /** Where state and logs go. */
  dir: string;
  /** Called with each line of output that a person should see. */
  say?: (line: string) => void;
  /** Called when a process ends that was not stopped on purpose. */
  onDeath?: (name: PartName, code: number | null) => void;
};

const READY_MS = 60_000;

/** One process of the stack, in its own process group, with its output in its own file. */
export class Part {
  private child: ChildProcess | null = null;
  private expected = false;
  private tail: string[] = [];

  constructor(
    private readonly name: PartName,
    private readonly command: Command,
    private readonly options: PartOptions,
  ) {}

  get pid(): number {
    return this.child?.pid ?? -1;
  }

  /** Changes the environment of the process from its next start on. */
  changeEnv(more: Record<string, string>): void {
    Object.assign(this.command.env, more);
  }

  async begin(): Promise<void> {
    this.expected = false;
    this.tail = [];
    const { args, env } = this.command;
    const { PATH, HOME, LANG, TMPDIR } = process.env;
    const child = spawn(process.execPath, args, {
      cwd: ROOT,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { PATH, HOME, LANG, TMPDIR, TZ: 'UTC', ...env } as unknown as NodeJS.ProcessEnv,
    });
    this.child = child;
    if (child.pid) watchGroup(child.pid, 'SIGTERM');
    this.record(child);
    child.once('exit', (code) => this.left(child, code));
    const ready = await waitFor(
      async () => child.exitCode !== null || (await answers(this.command.readyUrl)),
      READY_MS,
      60,
    );
    if (!ready || child.exitCode !== null) throw new SetupError(this.failure(ready));
  }

  private failure(inTime: boolean): string {
    const said = this.tail.slice(-5).join('\n').trim();
    return `${this.name} ${inTime ? 'ended' : 'did not get ready'}${said ? `:\n${said}` : '.'}`;
  }

  private record(child: ChildProcess): void {
    const folder = join(this.options.dir, 'logs');
    mkdirSync(folder, { recursive: true });
    const file = createWriteStream(join(folder, `${this.name}.log`), { flags: 'a' });
    file.on('error', () => {});
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (chunk: Buffer) => {
        file.write(chunk);
        for (const line of chunk.toString().split('\n').filter(Boolean)) this.hear(line);
      });
    }
  }

  private hear(line: string): void {
    this.tail = [...this.tail.slice(-19), line];
    const loud = /"level":(40|50|60)\b/.test(line) || /error/i.test(line);
    if (loud) this.options.say?.(`${this.name.padEnd(7)} ${readable(line).slice(0, 400)}`);
  }

  private left(child: ChildProcess, code: number | null): void {
    if (child.pid) unwatchGroup(child.pid);
    if (!this.expected && this.child === child) this.options.onDeath?.(this.name, code);
  }

  async end(how: NodeJS.Signals): Promise<void> {
    const child = this.child;
    if (!child?.pid) return;
    this.expected = true;
    await endChild(child, how, 10_000);
    signal(-child.pid, 'SIGKILL');
  }
}

async function answers(url: string): Promise<boolean> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(2_000) });
    return response.ok;
  } catch {
    return false;
  }
}

/** Returns the message of a JSON log line for the terminal; the full line is in the file. */
function readable(line: string): string {
  try {
    const { msg, message, err, error } = JSON.parse(line);
    const why = message ?? err?.message ?? error?.message ?? error;
    return [msg, why].filter((part) => typeof part === 'string').join(': ') || line;
  } catch {
    return line;
  }
}
