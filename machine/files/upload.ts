import { constants } from 'node:fs';
import { type FileHandle, open, statfs, unlink } from 'node:fs/promises';
import { invalid, Refusal, refusalOf } from '../doors/refusal';
import { inOwnFolder } from './own-folder';
import { partsOf } from './path';
import { needPlace, putInPlace, type Saved } from './save';
import { at, itself, type Tree } from './tree';

/** The connection of an upload. */
export type UploadLine = {
  tell(message: object): void;
  /** Stops reading until `resume`. */
  pause(): void;
  resume(): void;
  close(): void;
};

export type Begin = { path: string; sizeBytes: number; id: string; replace: boolean };

/** Each acknowledgement covers at least this many bytes. */
const ACK_BYTES = 512 * 1024;

/** Returns the first message of an upload. Throws INVALID_INPUT. */
export function beginOf(text: string): Begin {
  let said: Record<string, unknown> = {};
  try {
    said = JSON.parse(text) as Record<string, unknown>;
  } catch {
    throw invalid('An upload begins with a JSON object.');
  }
  const { path, sizeBytes, id, replace } = said;
  if (typeof path !== 'string') throw invalid('path is missing or no text.');
  if (!Number.isSafeInteger(sizeBytes) || (sizeBytes as number) < 0)
    throw invalid('sizeBytes is missing or no number of bytes.');
  if (typeof id !== 'string' || !/^[0-9a-f]{32}$/.test(id)) throw invalid('id is not 32 hexadecimal digits.');
  return { path, sizeBytes: sizeBytes as number, id, replace: replace === true };
}

/**
 * One file on its way into the workspace. Its bytes are written, in order, to a part file in a folder of the agent; once
 * complete, the part file takes its place by one rename. After a lost connection the part file stays, and the next
 * connection with the same id goes on behind its last byte.
 */
export class Upload {
  private handle: FileHandle | null = null;
  private offset = 0;
  private acknowledged = 0;
  private work: Promise<void> = Promise.resolve();
  private isOver = false;

  constructor(
    private readonly tree: Tree,
    private readonly begin: Begin,
    private readonly line: UploadLine,
  ) {}

  /** Opens the part file, with any bytes already there, and tells the client where to go on. */
  start(): void {
    this.next(async () => {
      const { path, sizeBytes, replace } = this.begin;
      const parts = partsOf(path);
      if (parts.length > 1) await this.tree.makeFolders(parts.slice(0, -1));
      await needPlace(this.tree, parts, { isNew: !replace });
      await inOwnFolder(this.tree, 'uploads', async (folder) => {
        const flags = constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW | constants.O_NONBLOCK;
        this.handle = await open(at(folder, this.fileName), flags, 0o600);
        const stat = await this.handle.stat();
        if (!stat.isFile()) throw invalid('This upload cannot go on. Begin it again.');
        if (stat.size > sizeBytes) await this.handle.truncate(0);
        this.offset = stat.size > sizeBytes ? 0 : stat.size;
        await needRoom(folder, sizeBytes - this.offset);
      });
      this.acknowledged = this.offset;
      this.line.tell({ type: 'ready', offset: this.offset });
      if (this.offset === sizeBytes) await this.finish();
    });
  }

  /** Appends bytes to the part file. */
  take(bytes: Buffer): void {
    if (this.isOver) return;
    this.line.pause();
    this.next(async () => {
      if (!this.handle) throw invalid('Bytes come after the answer to the first message.');
      if (this.offset + bytes.length > this.begin.sizeBytes)
        throw invalid('More bytes came than were announced.');
      for (let done = 0; done < bytes.length; ) {
        const { bytesWritten } = await this.handle.write(
          bytes,
          done,
          bytes.length - done,
          this.offset + done,
        );
        done += bytesWritten;
      }
      this.offset += bytes.length;
      if (this.offset === this.begin.sizeBytes) return this.finish();
      if (this.offset - this.acknowledged >= ACK_BYTES) {
        this.acknowledged = this.offset;
        this.line.tell({ type: 'ack', offset: this.offset });
      }
      this.line.resume();
    });
  }

  /** Deletes the bytes sent so far and ends the upload. */
  cancel(): void {
    this.next(async () => {
      await this.forget();
      this.end();
    });
  }

  /**
   * Ends the upload after a lost connection. Resolves when nothing more is written; written bytes stay for the next
   * connection.
   */
  async leave(): Promise<void> {
    this.isOver = true;
    await this.work;
    await this.close();
  }

  /** Leaves the upload to a newer connection and closes this one. */
  async giveWay(): Promise<void> {
    await this.leave();
    this.line.close();
  }

  private get fileName(): Buffer {
    return Buffer.from(`${this.begin.id}.part`);
  }

  private next(step: () => Promise<void>): void {
    this.work = this.work.then(async () => {
      if (this.isOver) return;
      try {
        await step();
      } catch (error) {
        await this.refuse(refusalOf(error));
      }
    });
  }

  private async finish(): Promise<void> {
    const saved = await inOwnFolder(this.tree, 'uploads', (folder): Promise<Saved> => {
      const finished = { folder, name: this.fileName, handle: this.handle as FileHandle };
      return putInPlace(this.tree, partsOf(this.begin.path), finished, { isNew: !this.begin.replace });
    });
    this.line.tell({ type: 'done', ...saved });
    this.end();
  }

  private async refuse({ reason, message }: Refusal): Promise<void> {
    // An upload that found no room is not kept.
    if (reason === 'DISK_FULL') await this.forget().catch(() => {});
    this.line.tell({ type: 'error', reason, message });
    this.end();
  }

  private async forget(): Promise<void> {
    await inOwnFolder(this.tree, 'uploads', (folder) => unlink(at(folder, this.fileName)).catch(() => {}));
  }

  private end(): void {
    this.isOver = true;
    void this.close();
    this.line.close();
  }

  private async close(): Promise<void> {
    const { handle } = this;
    this.handle = null;
    await handle?.close();
  }
}

/** Throws DISK_FULL when the disk has no room for so many bytes. */
async function needRoom(folder: FileHandle, bytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(itself(folder));
  const free = bavail * bsize;
  if (bytes <= free) return;
  const mb = (count: number) => `${Math.ceil(count / 1_000_000)} MB`;
  throw new Refusal(507, 'DISK_FULL', `The disk has ${mb(free)} left; this needs ${mb(bytes)}.`);
}
