import { createHash } from 'node:crypto';
import type { TxSql } from '@/db/client';
import type { Row } from '@/db/rows';
import type { usageEntry } from '@/db/schema/quota';
import type { Instant } from '../clock';

/** One entry of the ledger as shown, downloaded and checked. `ms` is signed. */
export type LedgerEntry = {
  accountId: string;
  seq: number;
  kind: string;
  period: string;
  day: string;
  runId: string | null;
  fromAt: string | null;
  toAt: string | null;
  ms: number;
  createdAt: string;
  reason: string | null;
  /** The hash of the previous entry; 64 zeros for the first. */
  prevHash: string;
  hash: string;
};

type Stored = Row<typeof usageEntry>;
type InDigits = 'id' | 'seq' | 'ms' | 'prev_hash' | 'hash';

/** An entry as read: numbers and hashes as text. */
export type EntryRow = Omit<Stored, InDigits> & {
  [Key in InDigits]: null extends Stored[Key] ? string | null : string;
};

/** The columns of an entry `e`, with numbers as text, so that no digit is lost before the check. */
export const entryColumns = (sql: TxSql) => sql`
  e.id::text, e.account_id, e.seq::text, e.kind, e.period, e.day, e.run_id, e.from_at, e.to_at, e.ms::text, e.created_at, e.reason,
  encode(e.prev_hash, 'hex') as prev_hash, encode(e.hash, 'hex') as hash`;

/** The hash before the first entry of an account. */
export const NO_HASH = '0'.repeat(64);

/** Returns an instant in the ledger's text form; an invalid one stays visible. */
const textOf = (at: Instant | null): string =>
  at === null ? '' : Number.isFinite(at) ? new Date(at).toISOString() : String(at);

const mayBeMissing = (text: string | null): string => (text === null ? '' : `=${text}`);

/**
 * Returns the SHA-256 that an entry must carry, computed from its fields alone and independently of PostgreSQL's
 * trigger. The hashed text is specified in docs/ledger.md. Pure.
 */
export function hashOfEntry(row: EntryRow): string {
  const lines = [
    'hourglass ledger 1',
    row.account_id,
    row.seq ?? '',
    row.prev_hash ?? '',
    row.kind,
    row.period,
    row.day,
    mayBeMissing(row.run_id),
    textOf(row.from_at),
    textOf(row.to_at),
    row.ms,
    textOf(row.created_at),
    mayBeMissing(row.reason),
  ];
  return createHash('sha256').update(lines.join('\n')).digest('hex');
}

/** Returns a row as shown to users and programs. Pure. */
export const toEntry = (row: EntryRow): LedgerEntry => ({
  accountId: row.account_id,
  seq: Number(row.seq),
  kind: row.kind,
  period: row.period,
  day: row.day,
  runId: row.run_id,
  fromAt: textOf(row.from_at) || null,
  toAt: textOf(row.to_at) || null,
  ms: Number(row.ms),
  createdAt: textOf(row.created_at),
  reason: row.reason,
  prevHash: row.prev_hash ?? '',
  hash: row.hash ?? '',
});
