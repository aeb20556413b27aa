import type { ColumnName } from '@/db/rows';
import type { run as runTable } from '@/db/schema/session';
import type { TxCtx } from '../context';
import type { AccountState, OpenRun } from '../quota/account-state';
import { alignQuota, charge, credit, hold, release } from '../quota/book';
import type { Segment } from '../quota/lease';
import type { NewRun } from './moves/admit';
import { type Booking, type Move, openChange, type RunChange } from './moves/move';
import { needHit } from './need-hit';

/**
 * Writes what a transition changes; the only writer. Requires the account lock and the state read under it. Writes the
 * books first, then one update of the run and at most one lease row, and sets state and run to the written rows. Throws
 * when the row differs from that state; everything is then rolled back.
 */
export async function saveRun(tx: TxCtx, state: AccountState, run: OpenRun, move: Move): Promise<void> {
  const columns = columnsOf(tx, state, move.run);
  if (Object.keys(columns).length === 0) return;
  for (const booking of move.books) await writeBooking(tx, state, run.id, booking);
  const ends = move.run.endedAt !== undefined;
  const [, hit] = await Promise.all([
    move.segments && !ends ? writeLease(tx, run.id, state.accountId, move.segments) : null,
    tx.sql`
      update run set ${tx.sql(columns as never)}
      where id = ${run.id} and status = ${run.status} and ended_at is null returning id`,
    ends ? tx.sql`delete from lease where run_id = ${run.id}` : null,
  ]);
  needHit(hit, run.id);
  if (ends) state.openRuns = state.openRuns.filter((open) => open.id !== run.id);
  else Object.assign(run, openChange(move), move.segments && { segments: move.segments });
}

/** Writes an admitted run: its hold, its row, its lease, and the session's reference to it. */
export async function saveNewRun(tx: TxCtx, state: AccountState, made: NewRun): Promise<void> {
  const { row, segments } = made;
  const [last, ...before] = made.books.toReversed();
  for (const booking of before.toReversed()) await writeBooking(tx, state, row.id, booking);
  const [, hit] = await Promise.all([
    last && writeBooking(tx, state, row.id, last),
    tx.sql`
      with fresh_run as (insert into run ${tx.sql(row)}),
      fresh_lease as (
        insert into lease (run_id, account_id, segments)
        values (${row.id}, ${row.account_id}, ${tx.sql.json(segments)}))
      update session set last_run_id = ${row.id} where id = ${row.session_id} returning id`,
  ]);
  needHit(hit, row.id);
}

async function writeBooking(tx: TxCtx, state: AccountState, runId: string, booking: Booking): Promise<void> {
  if (booking.kind === 'align') return alignQuota(tx, state);
  if (booking.kind === 'hold') return hold(tx, state, booking.segments);
  if (booking.kind === 'release') return release(tx, state, booking.segments);
  if (booking.kind === 'charge') return charge(tx, state, runId, booking.segments);
  return credit(tx, state, runId, booking.segments);
}

const writeLease = (tx: TxCtx, runId: string, accountId: string, segments: Segment[]) => tx.sql`
  insert into lease (run_id, account_id, segments) values (${runId}, ${accountId}, ${tx.sql.json(segments)})
  on conflict (run_id) do update set segments = excluded.segments`;

/** The column of each property that a move may change. */
const COLUMN: { [Key in keyof RunChange]-?: ColumnName<typeof runTable, Key> } = {
  status: 'status',
  machineId: 'machine_id',
  startedAt: 'started_at',
  meteredTo: 'metered_to',
  proofAt: 'proof_at',
  leaseUntil: 'lease_until',
  final: 'final',
  lastInputAt: 'last_input_at',
  lastWorkAt: 'last_work_at',
  agentBootId: 'agent_boot_id',
  agentSeq: 'agent_seq',
  metrics: 'metrics',
  missingSince: 'missing_since',
  stopRequestedAt: 'stop_requested_at',
  endedAt: 'ended_at',
  endReason: 'end_reason',
  attempts: 'attempts',
  usedMs: 'used_ms',
  overrunMs: 'overrun_ms',
  failure: 'failure',
  dueAt: 'due_at',
};

/** What an agent's early call writes without the lock: these never go back. */
const NEVER_BACK = ['proofAt', 'lastInputAt', 'lastWorkAt', 'agentSeq'] as const;

/** Returns the values to write, by column. */
function columnsOf(tx: TxCtx, state: AccountState, change: RunChange): Record<string, unknown> {
  const { sql } = tx;
  const columns: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(change)) {
    if (value !== undefined) columns[COLUMN[key as keyof RunChange]] = value;
  }
  for (const key of NEVER_BACK) {
    const [column, value] = [COLUMN[key], change[key]];
    if (value !== undefined) columns[column] = sql`greatest(${sql(column)}, ${value})`;
  }
  // The process that made the machine writes its id without the lock: the first one stays.
  if (change.machineId !== undefined)
    columns[COLUMN.machineId] = sql`coalesce(machine_id, ${change.machineId})`;
  if (change.metrics) columns[COLUMN.metrics] = sql.json(change.metrics as never);
  if (change.dueAt === 'now') columns[COLUMN.dueAt] = sql`least(${state.now}::timestamptz, hg_clock())`;
  return columns;
}
