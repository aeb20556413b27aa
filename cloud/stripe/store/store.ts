import { appendFileSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Records } from './records';

export type CollectionName = keyof Records;
interface Touched {
  name: CollectionName;
  id: string;
  before: unknown;
}

/**
 * All state of the local Stripe: collections of records by id, in memory, with a journal on disk. A unit of work is
 * either complete and on disk when it returns, or has no effect.
 */
export class Store {
  private readonly collections = new Map<CollectionName, Map<string, unknown>>();
  private readonly path: string;
  private touched: Map<string, Touched> | undefined;

  constructor(stateDir: string) {
    mkdirSync(stateDir, { recursive: true });
    this.path = join(stateDir, 'stripe.jsonl');
    this.load();
  }

  /** Returns the record, read-only, or undefined. */
  read<N extends CollectionName>(name: N, id: string): Readonly<Records[N]> | undefined {
    return this.collection(name).get(id) as Records[N] | undefined;
  }

  /** Returns the record, to be changed in place. Throws for an unknown id. */
  edit<N extends CollectionName>(name: N, id: string): Records[N] {
    const record = this.collection(name).get(id);
    if (!record) throw new Error(`No ${name} ${id} in the store.`);
    this.touch(name, id);
    return record as Records[N];
  }

  put<N extends CollectionName>(name: N, record: Records[N]): Records[N] {
    this.touch(name, record.id);
    this.collection(name).set(record.id, record);
    return record;
  }

  remove(name: CollectionName, id: string): void {
    this.touch(name, id);
    this.collection(name).delete(id);
  }

  /** Returns all records, oldest first. */
  all<N extends CollectionName>(name: N): Readonly<Records[N]>[] {
    return [...this.collection(name).values()] as Records[N][];
  }

  /** Runs a unit of work; an error undoes its changes. A nested unit commits or fails with the outermost one. */
  work<T>(run: () => T): T {
    if (this.touched) return run();
    this.touched = new Map();
    try {
      const result = run();
      this.writeJournal(this.touched);
      return result;
    } catch (error) {
      this.undo();
      throw error;
    } finally {
      this.touched = undefined;
    }
  }

  /** Returns the result of the work and undoes its changes. Previews use this. */
  rehearse<T>(run: () => T): T {
    const outer = this.touched;
    this.touched = new Map();
    try {
      return run();
    } finally {
      this.undo();
      this.touched = outer;
    }
  }

  reset(): void {
    this.collections.clear();
    writeFileSync(this.path, '');
  }

  private collection(name: CollectionName): Map<string, unknown> {
    const found = this.collections.get(name) ?? new Map<string, unknown>();
    this.collections.set(name, found);
    return found;
  }

  private touch(name: CollectionName, id: string): void {
    if (!this.touched) throw new Error(`${name} ${id} changed outside a unit of work.`);
    const key = `${name}/${id}`;
    if (this.touched.has(key)) return;
    this.touched.set(key, { name, id, before: structuredClone(this.collection(name).get(id)) });
  }

  private undo(): void {
    for (const { name, id, before } of this.touched?.values() ?? []) {
      if (before === undefined) this.collection(name).delete(id);
      else this.collection(name).set(id, before);
    }
  }

  private writeJournal(touched: Map<string, Touched>): void {
    if (touched.size === 0) return;
    const lines = [...touched.values()].map(({ name, id }) => this.line(name, id));
    // One write per unit of work: after a crash the unit is complete, or its line is torn and ignored.
    appendFileSync(this.path, `${JSON.stringify(lines)}\n`);
  }

  private line(name: CollectionName, id: string) {
    return [name, id, this.collection(name).get(id) ?? null] as const;
  }

  private load(): void {
    if (!existsSync(this.path)) return;
    for (const text of readFileSync(this.path, 'utf8').split('\n')) {
      if (!text) continue;
      let lines: [CollectionName, string, unknown][];
      try {
        lines = JSON.parse(text);
      } catch {
        continue;
      }
      for (const [name, id, record] of lines) {
        if (record === null) this.collection(name).delete(id);
        else this.collection(name).set(id, record);
      }
    }
    this.compact();
  }

  /** Rewrites the journal as one line per record: writes a new file and renames it over the old one. */
  private compact(): void {
    const lines = [...this.collections].flatMap(([name, records]) =>
      [...records.keys()].map((id) => JSON.stringify([this.line(name, id)])),
    );
    writeFileSync(`${this.path}.part`, lines.length ? `${lines.join('\n')}\n` : '');
    renameSync(`${this.path}.part`, this.path);
  }
}
