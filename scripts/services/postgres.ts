import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import {
  type Binaries,
  findBinaries,
  findIdentity,
  type Identity,
  isEnterable,
  outsideOf,
  reachableBinaries,
} from './postgres-binaries';
import { commandOf, endChild, findFreePort, isAlive, SetupError, signal, waitFor } from './processes';
import { unwatchFolder, unwatchGroup, watchFolder, watchGroup } from './watchdog';

export type PostgresServer = {
  url: string;
  port: number;
  pid: number;
  dataDir: string;
  stop(): Promise<void>;
};
export type PostgresOptions = {
  /** Where the cluster is kept. Absent: a throw-away cluster without fsync, for tests. */
  dataDir?: string;
  port?: number;
  logFile?: string;
  /** Another installation than the one that came with the dependencies. */
  binaries?: Binaries;
};

const FAST = ['fsync=off', 'synchronous_commit=off', 'full_page_writes=off', 'autovacuum=off'];
const START_MS = 60_000;

/**
 * Starts the PostgreSQL that came with the dependencies on 127.0.0.1 and returns the URL of its database `postgres`. It
 * stops with `stop()`, or with this process even when that is killed. A cluster left running by a killed process is
 * stopped first.
 */
export async function startPostgres(options: PostgresOptions = {}): Promise<PostgresServer> {
  const identity = findIdentity();
  const binaries = options.binaries ?? reachableBinaries(await findBinaries(), identity);
  const place = choosePlace(options.dataDir, identity);
  await stopLeftover(place.dataDir);
  if (!existsSync(join(place.dataDir, 'PG_VERSION')))
    initCluster(place.dataDir, binaries, identity, place.throwAway);

  const port = await findFreePort(options.port);
  const settings = [
    'listen_addresses=127.0.0.1',
    'unix_socket_directories=',
    'max_connections=300',
    'timezone=UTC',
  ];
  if (place.throwAway) settings.push(...FAST);
  const logFile =
    options.logFile ?? (place.throwAway ? join(dirname(place.dataDir), 'postgres.log') : undefined);
  const log = logFile ? openSync(logFile, 'a') : 'ignore';
  const child = spawn(
    binaries.postgres,
    ['-D', place.dataDir, '-p', String(port), ...settings.flatMap((setting) => ['-c', setting])],
    {
      ...identity,
      cwd: '/',
      detached: true,
      stdio: ['ignore', log, log],
      env: { ...process.env, LC_ALL: 'C' },
    },
  );
  const pid = await untilReady(child, place.dataDir, logFile);
  const password = place.throwAway ? '' : `:${readPassword(place.dataDir)}`;
  return {
    url: `postgres://postgres${password}@127.0.0.1:${port}/postgres`,
    port,
    pid,
    dataDir: place.dataDir,
    stop: () => stopServer(child, pid, place),
  };
}

type Place = { dataDir: string; throwAway: boolean };

function choosePlace(wanted: string | undefined, identity: Identity): Place {
  if (wanted) {
    const dataDir = isEnterable(dirname(resolve(wanted)), identity)
      ? resolve(wanted)
      : join(outsideOf(wanted), 'data');
    mkdirSync(dirname(dataDir), { recursive: true });
    return { dataDir, throwAway: false };
  }
  const parent = isEnterable(tmpdir(), identity) ? tmpdir() : '/var/tmp';
  const folder = mkdtempSync(join(parent, 'hourglass-test-'));
  chmodSync(folder, 0o755);
  watchFolder(folder);
  return { dataDir: join(folder, 'postgres'), throwAway: true };
}

/** Stops a server that a killed process left running: two servers on one cluster would corrupt it. */
async function stopLeftover(dataDir: string): Promise<void> {
  const pidFile = join(dataDir, 'postmaster.pid');
  if (!existsSync(pidFile)) return;
  const pid = Number(readFileSync(pidFile, 'utf8').split('\n')[0]);
  const isOurs = pid > 1 && isAlive(pid) && commandOf(pid).includes(dataDir);
  if (!isOurs) return rmSync(pidFile, { force: true });
  signal(pid, 'SIGINT');
  if (await waitFor(() => !isAlive(pid), 15_000)) return;
  signal(pid, 'SIGQUIT');
  if (!(await waitFor(() => !isAlive(pid), 5_000))) {
    throw new SetupError(
      `An earlier PostgreSQL (process ${pid}) still uses ${dataDir} and does not end. Stop it, then try again.`,
    );
  }
}

const passwordFile = (dataDir: string) => `${dataDir}.password`;
const readPassword = (dataDir: string) => readFileSync(passwordFile(dataDir), 'utf8').trim();

/**
 * Creates the cluster in a draft folder and renames it at the end, so that a killed process leaves no partial cluster
 * behind.
 */
function initCluster(dataDir: string, binaries: Binaries, identity: Identity, throwAway: boolean): void {
  const draft = `${dataDir}.draft`;
  rmSync(draft, { recursive: true, force: true });
  mkdirSync(draft, { mode: 0o700 });
  writeFileSync(passwordFile(dataDir), `${randomBytes(18).toString('hex')}\n`, { mode: 0o600 });
  const { uid, gid } = identity;
  if (uid !== undefined && gid !== undefined) {
    chownSync(draft, uid, gid);
    chownSync(passwordFile(dataDir), uid, gid);
  }
  const auth = throwAway
    ? ['--auth=trust', '--no-sync']
    : ['--auth=scram-sha-256', `--pwfile=${passwordFile(dataDir)}`];
  try {
    execFileSync(
      binaries.initdb,
      ['-D', draft, '-U', 'postgres', '--encoding=UTF8', '--no-locale', ...auth],
      {
        ...identity,
        cwd: '/',
        stdio: 'pipe',
        env: { ...process.env, LC_ALL: 'C' },
      },
    );
  } catch (error) {
    const said = String((error as { stderr?: Buffer }).stderr ?? error).trim();
    throw new SetupError(`PostgreSQL could not be set up in ${dataDir}: ${said}`);
  }
  renameSync(draft, dataDir);
}

/** Waits until the server takes connections, which it announces as `ready` in its pid file. */
async function untilReady(child: ChildProcess, dataDir: string, logFile?: string): Promise<number> {
  let failure: string | undefined;
  child.once('error', (error) => {
    failure = error.message;
  });
  child.once('exit', (code, by) => {
    failure ??= `it ended with ${by ?? `code ${code}`}`;
  });
  if (child.pid) watchGroup(child.pid, 'SIGINT');
  const isReady = () => {
    if (failure) return true;
    const pidFile = join(dataDir, 'postmaster.pid');
    if (!existsSync(pidFile)) return false;
    const lines = readFileSync(pidFile, 'utf8').split('\n');
    return Number(lines[0]) === child.pid && lines[7]?.trim() === 'ready';
  };
  const ready = await waitFor(isReady, START_MS);
  if (failure || !ready || !child.pid) {
    if (child.pid) signal(child.pid, 'SIGKILL');
    const lines =
      logFile && existsSync(logFile)
        ? readFileSync(logFile, 'utf8').trim().split('\n').slice(-5).join('\n')
        : '';
    throw new SetupError(
      `PostgreSQL does not start: ${failure ?? `not ready after ${START_MS / 1000} s`}.\n${lines}`.trim(),
    );
  }
  child.unref();
  return child.pid;
}

async function stopServer(child: ChildProcess, pid: number, place: Place): Promise<void> {
  await endChild(child, place.throwAway ? 'SIGQUIT' : 'SIGINT', 15_000);
  unwatchGroup(pid);
  if (!place.throwAway) return;
  const folder = dirname(place.dataDir);
  rmSync(folder, { recursive: true, force: true });
  unwatchFolder(folder);
}
