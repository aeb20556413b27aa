import { expect, it } from 'vitest';
import { formatLedger } from './format-ledger';
import type { LedgerEntry } from './ledger-entry';

const entry = (reason: string): LedgerEntry =>
  ({
    accountId: 'a',
    seq: 1,
    kind: 'adjustment',
    period: '2026-11',
    day: '2026-11-28',
    runId: null,
    fromAt: null,
    toAt: null,
    ms: -60_000,
    createdAt: '2026-11-28T00:00:00.000Z',
    reason,
    prevHash: '0',
    hash: '1',
  }) as LedgerEntry;

async function written(reason: string, format: 'csv' | 'jsonl'): Promise<string> {
  async function* pages() {
    yield [entry(reason)];
  }
  let text = '';
  for await (const part of formatLedger(pages(), format)) text += part;
  return text.trimEnd().split('\n').at(-1) ?? '';
}

it.each([
  ['=1+1', "'=1+1"],
  ['+49 30', "'+49 30"],
  ['-2 h', "'-2 h"],
  ['@SUM(A1)', "'@SUM(A1)"],
  ['=HYPERLINK("http://a.test","x")', '"\'=HYPERLINK(""http://a.test"",""x"")"'],
  ['a gift', 'a gift'],
])('ACCOUNT-40 a reason runs no formula in a spreadsheet: %s', async (reason, field) => {
  const line = await written(reason, 'csv');
  expect(line).toContain(`,${field},`);
  expect(line).toContain(',-60000,');
  expect(JSON.parse(await written(reason, 'jsonl')).reason).toBe(reason);
});
