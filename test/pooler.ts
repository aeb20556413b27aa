import { type ChildProcess, spawn } from 'node:child_process';
import { chownSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { canInstallPackages, installPackage } from '@/scripts/services/apt';
import { findIdentity } from '@/scripts/services/postgres-binaries';
import { endChild, findFreePort, findOnPath, waitFor } from '@/scripts/services/processes';

/** Returns PgBouncer's path, installed where that needs no prompt, or undefined. */
export function findPooler(): string | undefined {
  if (!findOnPath('pgbouncer') && canInstallPackages()) installPackage('pgbouncer');
  return findOnPath('pgbouncer');
}

export type Pooler = { at(login: string, password: string, database: string): string; stop(): Promise<void> };

/**
 * Starts PgBouncer in transaction mode in front of the server of `serverUrl`, for these logins and with additional
 * settings.
 */
export async function startPooler(
  binary: string,
  serverUrl: string,
  logins: Record<string, string>,
  settings: string[] = [],
): Promise<Pooler> {
  const { hostname, port } = new URL(serverUrl);
  const dir = mkdtempSync(join(tmpdir(), 'hourglass-pooler-'));
  const listen = await findFreePort();
  const users = join(dir, 'users.txt');
  const lines = Object.entries(logins).map(([login, password]) => `"${login}" "${password}"`);
  writeFileSync(users, `${lines.join('\n')}\n`);
  const file = join(dir, 'pgbouncer.ini');
  const ini = [
    '[databases]',
    `* = host=${hostname} port=${port}`,
    '[pgbouncer]',
    'listen_addr = 127.0.0.1',
    `listen_port = ${listen}`,
    'unix_socket_dir =',
    'auth_type = trust',
    `auth_file = ${users}`,
    'pool_mode = transaction',
    'default_pool_size = 3',
    'max_client_conn = 200',
    ...settings,
  ];
  writeFileSync(file, `${ini.join('\n')}\n`);
  const identity = findIdentity();
  for (const path of [dir, users, file])
    if (identity.uid !== undefined) chownSync(path, identity.uid, identity.gid ?? identity.uid);
  const child = spawn(binary, ['-q', file], { ...identity, stdio: 'ignore' });
  if (!(await waitFor(() => answers(listen), 10_000))) throw new Error('PgBouncer did not start');
  return {
    at: (login, password, database) =>
      `postgres://${login}:${encodeURIComponent(password)}@127.0.0.1:${listen}/${database}`,
    stop: () => stop(child, dir),
  };
}

const answers = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });

async function stop(child: ChildProcess, dir: string): Promise<void> {
  await endChild(child, 'SIGTERM', 5_000);
  rmSync(dir, { recursive: true, force: true });
}
