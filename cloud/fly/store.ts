import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** One kind of record, each in `record.json` of its own directory, so that a save costs the same at any size. */
export class RecordStore<T> {
  constructor(readonly dir: string) {
    mkdirSync(dir, { recursive: true });
  }

  /** Directory of one record; other files may live in it. */
  dirOf(id: string): string {
    return join(this.dir, id);
  }

  /** Written aside and renamed: a reader or a crash sees the old record or the new one, never half. */
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

  /** Every record by the name of its directory. A directory without a record is left over from a crash and removed. */
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
