import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { missing, Refusal } from '../doors/refusal';
import { itself, type Tree } from './tree';

/** Reading and packing take processor time from the user's programs. */
const MOST_AT_ONCE = 2;
/** A response whose reader takes nothing for this long is closed. */
const STALLED_MS = 120_000;
const OWN = ['--exclude=./.home/.hourglass', '--exclude=./lost+found', '--exclude=.home/.hourglass'];

let underWay = 0;

/**
 * Sends a folder as tar.gz while it is packed. The system's `tar` walks by descriptors, follows no link, takes any name,
 * and stores devices and pipes without opening them. An unfinished archive is cut off. Throws RATE_LIMITED, NOT_FOUND.
 */
export async function sendArchive(
  tree: Tree,
  parts: Buffer[],
  response: ServerResponse,
  headers: Record<string, string>,
  signal: AbortSignal,
): Promise<void> {
  if (underWay >= MOST_AT_ONCE)
    throw new Refusal(
      429,
      'RATE_LIMITED',
      'Two archives are being made already. Try again when one is done.',
    );
  underWay++;
  try {
    const tar = await tree.find(parts, 'follow', async ({ folder, name, here }) => {
      if (!here) throw missing();
      return startTar(itself(folder ?? here), name ?? Buffer.from('.'));
    });
    response.setTimeout(STALLED_MS, () => response.destroy());
    await send(tar, response, headers, signal);
  } finally {
    underWay--;
  }
}

type Tar = { child: ChildProcess; ended: Promise<number | null> };

/**
 * Starts `tar` in the folder itself, whose descriptor may be closed afterwards. The name goes over a pipe: it may be any
 * bytes.
 */
async function startTar(cwd: string, name: Buffer): Promise<Tar> {
  const pack = [
    '--create',
    '--use-compress-program=gzip -1',
    '--null',
    '--verbatim-files-from',
    '--files-from=-',
  ];
  const child = spawn('tar', [...OWN, ...pack], { cwd, detached: true, stdio: ['pipe', 'pipe', 'ignore'] });
  await once(child, 'spawn');
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  child.stdin?.on('error', () => {});
  child.stdin?.end(Buffer.concat([name, Buffer.from([0])]));
  return { child, ended };
}

async function send(
  { child, ended }: Tar,
  response: ServerResponse,
  headers: Record<string, string>,
  signal: AbortSignal,
): Promise<void> {
  try {
    response.writeHead(200, headers);
    await pipeline(child.stdout as NodeJS.ReadableStream, response, { signal, end: false });
    // Exit code 1 means that a file changed while it was read, as files of a running build do.
    const code = await ended;
    if (code === 0 || code === 1) response.end();
    else response.destroy();
  } finally {
    if (child.exitCode === null && child.pid) kill(child.pid);
  }
}

function kill(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // The process has just ended.
  }
}
