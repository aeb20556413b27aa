import { execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { canInstallPackages, installPackage } from './apt';
import {
  commandOf,
  endChild,
  findFreePort,
  findOnPath,
  isAlive,
  SetupError,
  signal,
  waitFor,
} from './processes';
import { unwatchFolder, unwatchGroup, watchFolder, watchGroup } from './watchdog';

export type RedisServer = { url: string; port: number; pid: number; stop(): Promise<void> };
export type RedisOptions = {
  /** Where the append-only file is kept. Absent: nothing is kept, for tests. */
  dir?: string;
  port?: number;
  logFile?: string;
  say?: (line: string) => void;
};

// Delayed jobs are as punctual as the server's timer: at the default of 10 ticks per second they are up to 100 ms late.
const SETTINGS = ['--hz', '100', '--maxmemory-policy', 'noeviction', '--databases', '64', '--save', ''];
const KEEP = ['--appendonly', 'yes', '--appendfsync', 'everysec'];
const IMAGE = 'redis:7-alpine';
const HELP =
  'Redis is needed and was not found. Install it (Debian/Ubuntu: sudo apt-get install redis-server; macOS: brew install redis; Fedora: sudo dnf install valkey), start Docker, or set REDIS_URL=redis://127.0.0.1:6379.';

const findServer = () => findOnPath('redis-server', 'valkey-server');

/**
 * Starts Redis (or Valkey) on 127.0.0.1: the one on PATH, else one installed by the system where that needs no prompt,
 * else one in Docker. It stops with `stop()`, or with this process even when that is killed. Throws SetupError saying
 * what to install.
 */
export async function startRedis(options: RedisOptions = {}): Promise<RedisServer> {
  const say = options.say ?? (() => {});
  let failure = '';
  if (!findServer() && canInstallPackages()) {
    say('installing redis-server with the system package manager');
    failure = installPackage('redis-server') ?? '';
  }
  const server = findServer();
  if (server) return startLocal(server, options);
  if (findOnPath('docker') && dockerAnswers()) return startInDocker(options, say);
  throw new SetupError(failure ? `${HELP} (apt-get said: ${failure})` : HELP);
}

async function startLocal(server: string, options: RedisOptions): Promise<RedisServer> {
  const dir = options.dir ? resolve(options.dir) : mkdtempSync(join(tmpdir(), 'hourglass-redis-'));
  mkdirSync(dir, { recursive: true });
  if (!options.dir) watchFolder(dir);
  const pidFile = join(dir, 'redis.pid');
  await stopLeftover(pidFile);
  const port = await findFreePort(options.port);
  const logFile = options.logFile ?? join(dir, 'redis.log');
  const log = openSync(logFile, 'a');
  const flags = ['--port', String(port), '--bind', '127.0.0.1', '--dir', dir, '--daemonize', 'no'];
  const child = spawn(server, [...flags, ...SETTINGS, ...(options.dir ? KEEP : [])], {
    detached: true,
    stdio: ['ignore', log, log],
  });
  let failure: string | undefined;
  child.once('error', (error) => {
    failure = error.message;
  });
  child.once('exit', (code) => {
    failure ??= `it ended with code ${code}`;
  });
  if (child.pid) watchGroup(child.pid, 'SIGTERM');
  const ready = await waitFor(async () => failure !== undefined || (await ping(port)), 30_000);
  const { pid } = child;
  if (failure || !ready || !pid) {
    if (pid) signal(pid, 'SIGKILL');
    const said = existsSync(logFile)
      ? readFileSync(logFile, 'utf8').trim().split('\n').slice(-3).join('\n')
      : '';
    throw new SetupError(`Redis does not start: ${failure ?? 'no answer after 30 s'}.\n${said}`.trim());
  }
  writeFileSync(pidFile, String(pid));
  child.unref();
  const stop = async () => {
    await endChild(child, 'SIGTERM', 10_000);
    unwatchGroup(pid);
    rmSync(pidFile, { force: true });
    if (options.dir) return;
    rmSync(dir, { recursive: true, force: true });
    unwatchFolder(dir);
  };
  return { url: `redis://127.0.0.1:${port}`, port, pid, stop };
}

/** Stops a server that a killed process left running: two servers on one append-only file would corrupt it. */
async function stopLeftover(pidFile: string): Promise<void> {
  if (!existsSync(pidFile)) return;
  const pid = Number(readFileSync(pidFile, 'utf8'));
  if (pid > 1 && isAlive(pid) && /(redis|valkey)-server/.test(commandOf(pid))) {
    signal(pid, 'SIGTERM');
    if (!(await waitFor(() => !isAlive(pid), 10_000))) signal(pid, 'SIGKILL');
  }
  rmSync(pidFile, { force: true });
}

/** Sends one PING over a bare socket; returns true when the answer is that of a ready server. */
function ping(port: number): Promise<boolean> {
  return new Promise((resolvePing) => {
    const socket = createConnection({ port, host: '127.0.0.1' });
    const end = (answer: boolean) => {
      socket.destroy();
      resolvePing(answer);
    };
    socket.setTimeout(1_000, () => end(false));
    socket.once('error', () => end(false));
    socket.once('data', (data) => end(data.toString().startsWith('+PONG')));
    socket.once('connect', () => socket.write('PING\r\n'));
  });
}

function dockerAnswers(): boolean {
  try {
    execFileSync('docker', ['info', '--format', '{{.ServerVersion}}'], { stdio: 'pipe', timeout: 10_000 });
    return true;
  } catch {
    return false;
  }
}

async function startInDocker(options: RedisOptions, say: (line: string) => void): Promise<RedisServer> {
  say(`starting ${IMAGE} in Docker`);
  const port = await findFreePort(options.port);
  const name = `hourglass-redis-${createHash('sha256')
    .update(options.dir ?? String(process.pid))
    .digest('hex')
    .slice(0, 10)}`;
  const stop = async () => void execFileSync('docker', ['rm', '-f', name], { stdio: 'pipe' });
  const mount = options.dir ? ['-v', `${resolve(options.dir)}:/data`] : [];
  if (options.dir) mkdirSync(options.dir, { recursive: true });
  try {
    await stop().catch(() => {});
    const run = [
      'run',
      '-d',
      '--name',
      name,
      '-p',
      `127.0.0.1:${port}:6379`,
      ...mount,
      IMAGE,
      'redis-server',
    ];
    execFileSync('docker', [...run, ...SETTINGS, ...(options.dir ? KEEP : [])], { stdio: 'pipe' });
  } catch (error) {
    throw new SetupError(
      `Redis does not start in Docker: ${String((error as { stderr?: Buffer }).stderr ?? error).trim()}`,
    );
  }
  if (!(await waitFor(() => ping(port), 60_000, 200))) {
    await stop();
    throw new SetupError('Redis in Docker does not answer after 60 s.');
  }
  return { url: `redis://127.0.0.1:${port}`, port, pid: 0, stop };
}
