import type { Table } from 'drizzle-orm';

type Columns<T extends Table> = T['_']['columns'];

/**
 * A row of a table as hand-written SQL reads it: the schema's types under the names of the columns, so that a column
 * that is renamed or changed there breaks the compile wherever it is used.
 */
export type Row<T extends Table> = {
  [Key in keyof Columns<T> as Columns<T>[Key]['_']['name']]: Columns<T>[Key]['_']['notNull'] extends true
    ? Columns<T>[Key]['_']['data']
    : Columns<T>[Key]['_']['data'] | null;
};

/** The column's name that belongs to a key of the schema. */
export type ColumnName<T extends Table, Key extends keyof Columns<T>> = Columns<T>[Key]['_']['name'];
