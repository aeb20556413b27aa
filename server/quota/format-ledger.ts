import type { LedgerEntry } from './ledger-entry';

export const LEDGER_FORMATS = ['csv', 'jsonl'] as const;
export type LedgerFormat = (typeof LEDGER_FORMATS)[number];

const COLUMNS = [
  'accountId',
  'seq',
  'kind',
  'period',
  'day',
  'runId',
  'fromAt',
  'toAt',
  'ms',
  'createdAt',
  'reason',
  'prevHash',
  'hash',
] as const satisfies readonly (keyof LedgerEntry)[];

/**
 * Returns a field of RFC 4180, quoted when needed or when empty. Texts that a spreadsheet would run as a formula begin
 * with an apostrophe; to check the chain, use the JSON lines, which are unchanged.
 */
function field(value: string | number | null): string {
  if (value === null) return '';
  if (typeof value === 'number') return String(value);
  const text = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return text === '' || /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

const lineOf = (entry: LedgerEntry, format: LedgerFormat): string =>
  format === 'jsonl'
    ? `${JSON.stringify(Object.fromEntries(COLUMNS.map((name) => [name, entry[name]])))}\n`
    : `${COLUMNS.map((name) => field(entry[name])).join(',')}\r\n`;

/** Yields pages of a ledger as text: JSON lines, or CSV with a header line. */
export async function* formatLedger(
  pages: AsyncIterable<LedgerEntry[]>,
  format: LedgerFormat,
): AsyncGenerator<string> {
  if (format === 'csv') yield `${COLUMNS.join(',')}\r\n`;
  for await (const page of pages) yield page.map((entry) => lineOf(entry, format)).join('');
}
