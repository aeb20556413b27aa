import type { Table } from 'drizzle-orm';

type Columns<T extends Table> = T['_']['columns'];

/**
 * A row of a table as hand-written SQL reads it: the schema's types under the column names, so that renaming or
 * changing a column in the schema breaks the compilation of every use.
 */
export type Row<T extends Table> = {
  [Key in keyof Columns<T> as Columns<T>[Key]['_']['name']]: Columns<T>[Key]['_']['notNull'] extends true
    ? Columns<T>[Key]['_']['data']
    : Columns<T>[Key]['_']['data'] | null;
};

/** The column name of a key of the schema. */
export type ColumnName<T extends Table, Key extends keyof Columns<T>> = Columns<T>[Key]['_']['name'];
