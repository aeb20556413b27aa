import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Stores one kind of record: each in `record.json` in its own directory, so that saving one costs the same at any number. */
export class RecordStore<T> {
  constructor(readonly dir: string) {
    mkdirSync(dir, { recursive: true });
  }

  /** Returns the directory of one record, which may hold other files too. */
  dirOf(id: string): string {
    return join(this.dir, id);
  }

  /**
   * Saves a record. Writes a temporary file and renames it, so that a reader or a crash sees the old record or the
   * new one, never a part.
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

  /** Returns every record by the name of its directory. Removes directories without a record, which a crash leaves behind. */
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
