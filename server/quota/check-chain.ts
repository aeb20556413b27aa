import { type EntryRow, hashOfEntry, NO_HASH } from './ledger-entry';

export type LedgerProblem = {
  kind: 'changed' | 'missing' | 'misplaced' | 'replaced' | 'head';
  accountId: string;
  /** The position in the account's ledger; null when unknown. */
  seq: number | null;
  /** The id of the row at fault; null for a missing row. */
  entryId: number | null;
  message: string;
};

/** The newest entry as recorded in the head row of the account. */
export type Head = { seq: number; hash: string };

/**
 * Checks the chain of one account in the order in which its entries were written. A row that was changed, removed,
 * added or moved is reported there, and the rest is still checked.
 */
export class ChainCheck {
  private seq = 0;
  private hash = NO_HASH;

  constructor(private readonly accountId: string) {}

  /** Takes the next row. Returns its problems. */
  take(row: EntryRow): LedgerProblem[] {
    const seq = row.seq === null ? null : Number(row.seq);
    const say = (kind: LedgerProblem['kind'], message: string): LedgerProblem => ({
      kind,
      accountId: this.accountId,
      seq,
      entryId: Number(row.id),
      message,
    });
    const name = `Entry ${row.seq ?? 'without a number'} (row ${row.id})`;
    if (seq === null || row.hash === null || seq <= this.seq)
      return [say('misplaced', `${name} does not belong here: it was added, or moved, past the ledger.`)];
    const problems: LedgerProblem[] = [];
    const skipped = seq - this.seq - 1;
    if (skipped > 0) problems.push({ ...this.missing(this.seq + 1, seq - 1), entryId: Number(row.id) });
    if (hashOfEntry(row) !== row.hash)
      problems.push(say('changed', `${name} was changed after it was written.`));
    else if (skipped === 0 && row.prev_hash !== this.hash)
      problems.push(
        say('replaced', `${name} does not follow the entry before it: one of the two was replaced.`),
      );
    this.seq = seq;
    this.hash = row.hash;
    return problems;
  }

  /** Ends the chain. Returns the differences between the last row and the recorded head. */
  end(head: Head | null): LedgerProblem[] {
    const { accountId, seq } = this;
    const about = { kind: 'head', accountId, seq, entryId: null } as const;
    if (head === null)
      return seq === 0
        ? []
        : [{ ...about, message: 'Nothing is left of the note which entry is the newest.' }];
    if (head.seq > seq) return [this.missing(seq + 1, head.seq)];
    if (head.seq < seq)
      return [{ ...about, message: `Entry ${seq} came past the ledger: its newest entry is ${head.seq}.` }];
    return head.hash === this.hash
      ? []
      : [{ ...about, message: `Entry ${seq} is not the one that was written as the newest.` }];
  }

  private missing(from: number, to: number): LedgerProblem {
    const which = from === to ? `Entry ${from} is` : `Entries ${from} to ${to} are`;
    return {
      kind: 'missing',
      accountId: this.accountId,
      seq: from,
      entryId: null,
      message: `${which} missing.`,
    };
  }
}
