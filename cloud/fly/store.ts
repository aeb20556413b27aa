import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Stores one kind of record, each in `record.json` in its own directory, so that a save costs the same at any number.
 */
export class RecordStore<T> {
  constructor(readonly dir: string) {
    mkdirSync(dir, { recursive: true });
  }

  /** The directory of one record; other files may be kept in it. */
  dirOf(id: string): string {
    return join(this.dir, id);
  }

  /**
   * Writes to a temporary file and renames it: a reader or a crash sees the old record or the new one, never part of
   * one.
   */
  save(id: string, record: T): void {
    const dir = this.dirOf(id);
    mkdirSync(dir, { recursive: true });
    const path = join(dir, 'record.json');
    writeFileSync(`${path}.part`, JSON.stringify(record));
    renameSync(`${path}.part`, path);
  }

  remove(id: string): void {
    rmSync(this.dirOf(id), { recursive: true, force: true });
  }

  /**
   * Returns every record by the name of its directory. A directory without a record is left over from a crash and is
   * removed.
   */
  load(): Map<string, T> {
    const records = new Map<string, T>();
    for (const id of readdirSync(this.dir).sort()) {
      const path = join(this.dirOf(id), 'record.json');
      if (existsSync(path)) records.set(id, JSON.parse(readFileSync(path, 'utf8')) as T);
      else this.remove(id);
    }
    return records;
  }
}
