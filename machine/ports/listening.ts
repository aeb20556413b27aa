import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';

/** A port that a program of this machine listens on. */
export type Listener = {
  port: number;
  /** The name of the program; null when it cannot be read. */
  process: string | null;
  /** The address to connect to. */
  host: string;
};

export type ListeningOptions = {
  /** Ports of the machine itself, which are not listed. */
  hidden: number[];
  /** Lists only programs of this session: for machines that share a computer. Null lists all. */
  sessionId: string | null;
  proc?: string;
};

const LISTENING = '0A';
/** Most ports listed; enough for any session. */
const MAX_LISTED = 100;

type Socket = { port: number; host: string; inode: string };

/** Returns the listening TCP ports, each once, lowest first. An IPv4 address is preferred over an IPv6 one. */
export function listeners({ hidden, sessionId, proc = '/proc' }: ListeningOptions): Listener[] {
  const sockets = [...socketsOf(join(proc, 'net/tcp')), ...socketsOf(join(proc, 'net/tcp6'))];
  const names = programsOf(proc, new Set(sockets.map(({ inode }) => inode)), sessionId);
  const found = new Map<number, Listener>();
  for (const { port, host, inode } of sockets) {
    if (hidden.includes(port) || found.has(port)) continue;
    if (sessionId !== null && !names.has(inode)) continue;
    found.set(port, { port, host, process: names.get(inode) ?? null });
  }
  return [...found.values()].sort((a, b) => a.port - b.port).slice(0, MAX_LISTED);
}

/** Returns the listening sockets in one table of the kernel; none when the table cannot be read. */
function socketsOf(table: string): Socket[] {
  return linesOf(table).flatMap((line) => {
    const [, local = '', , state, , , , , , inode = ''] = line.trim().split(/\s+/);
    const [address = '', port = ''] = local.split(':');
    if (state !== LISTENING) return [];
    return [{ port: Number.parseInt(port, 16), host: hostOf(address), inode }];
  });
}

function linesOf(file: string): string[] {
  try {
    return readFileSync(file, 'utf8').split('\n').slice(1);
  } catch {
    return [];
  }
}

/** Returns where a socket with this local address is reached. The kernel writes words in the byte order of the machine. */
export function hostOf(hex: string): string {
  const bytes = (hex.match(/.{8}/g) ?? []).flatMap((word) => [...Buffer.from(word, 'hex')].reverse());
  if (bytes.every((byte) => byte === 0)) return '127.0.0.1';
  if (bytes.length === 4) return bytes.join('.');
  const isMapped = bytes.slice(0, 10).every((byte) => byte === 0) && bytes[10] === 255 && bytes[11] === 255;
  if (isMapped) return bytes.slice(12).join('.');
  const words = Array.from({ length: 8 }, (_, i) =>
    ((bytes[2 * i] ?? 0) * 256 + (bytes[2 * i + 1] ?? 0)).toString(16),
  );
  return words.join(':');
}

/** Returns the names of the programs that hold these sockets, by inode. */
function programsOf(proc: string, inodes: Set<string>, sessionId: string | null): Map<string, string> {
  const names = new Map<string, string>();
  for (const pid of inodes.size > 0 ? folder(proc) : []) {
    if (!/^\d+$/.test(pid)) continue;
    const held = folder(join(proc, pid, 'fd')).flatMap((fd) => inodeOf(join(proc, pid, 'fd', fd)) ?? []);
    const own = held.filter((inode) => inodes.has(inode));
    if (own.length === 0 || !isOfSession(join(proc, pid), sessionId)) continue;
    for (const inode of own) names.set(inode, text(join(proc, pid, 'comm')).trim());
  }
  return names;
}

const inodeOf = (link: string): string | null => {
  try {
    return /^socket:\[(\d+)\]$/.exec(readlinkSync(link))?.[1] ?? null;
  } catch {
    return null;
  }
};

const isOfSession = (dir: string, sessionId: string | null): boolean =>
  sessionId === null || text(join(dir, 'environ')).split('\0').includes(`HOURGLASS_SESSION_ID=${sessionId}`);

function folder(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}

function text(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
