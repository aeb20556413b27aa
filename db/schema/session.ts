import { sql } from 'drizzle-orm';
import {
  bigint,
  boolean,
  check,
  index,
  integer,
  jsonb,
  pgTable,
  text,
  uniqueIndex,
} from 'drizzle-orm/pg-core';
import { account } from './account';
import { instant } from './instant';

const END_REASONS = [
  'user',
  'quota',
  'idle',
  'limit',
  'plan',
  'blocked',
  'boot_timeout',
  'machine_exit',
  'provider',
  'deleted',
] as const;

/** A named cloud workspace. Its state is that of its last run. */
export const session = pgTable(
  'session',
  {
    id: text('id').primaryKey(),
    accountId: text('account_id')
      .notNull()
      .references(() => account.id),
    name: text('name').notNull(),
    agent: text('agent').notNull(),
    region: text('region').notNull(),
    size: text('size').notNull(),
    volumeId: text('volume_id'),
    /** After how long without keystroke and work it stops; null follows the plan. Cut to the bounds of the plan in force. */
    idleStopSeconds: integer('idle_stop_seconds'),
    /** It is kept awake from the first until the second instant; both null when it is not. */
    awakeFrom: instant('awake_from'),
    awakeUntil: instant('awake_until'),
    lastRunId: text('last_run_id'),
    createdAt: instant('created_at').notNull(),
    deletedAt: instant('deleted_at'),
  },
  (t) => [
    index('session_account').on(t.accountId, t.createdAt).where(sql`deleted_at is null`),
    index('session_volume').on(t.volumeId).where(sql`volume_id is not null`),
    index('session_volume_to_remove').on(t.id).where(sql`deleted_at is not null and volume_id is not null`),
  ],
);

/** One start→stop of a session on one machine. */
export const run = pgTable(
  'run',
  {
    id: text('id').primaryKey(),
    accountId: text('account_id')
      .notNull()
      .references(() => account.id),
    sessionId: text('session_id')
      .notNull()
      .references(() => session.id),
    status: text('status', { enum: ['starting', 'running', 'stopping', 'stopped', 'failed'] }).notNull(),
    startKey: text('start_key'),
    machineId: text('machine_id'),
    region: text('region').notNull(),
    admittedAt: instant('admitted_at').notNull(),
    /** First proof of running; null until then, and nothing is billed before it. */
    startedAt: instant('started_at'),
    /** Time up to here is in the ledger. */
    meteredTo: instant('metered_to').notNull(),
    /** Last proof of life: an end proven later is never set before it. */
    proofAt: instant('proof_at').notNull(),
    /** The first slice, a duration; its end is fixed by the first proof of running. */
    leaseMs: bigint('lease_ms', { mode: 'number' }).notNull(),
    leaseUntil: instant('lease_until').notNull(),
    final: boolean('final').notNull().default(false),
    /** The idle stop its machine was made with; null for none. */
    idleStopSeconds: integer('idle_stop_seconds'),
    lastInputAt: instant('last_input_at'),
    /** When a command last worked, as the machine says. */
    lastWorkAt: instant('last_work_at'),
    metrics: jsonb('metrics'),
    agentBootId: text('agent_boot_id'),
    agentSeq: integer('agent_seq'),
    stopRequestedAt: instant('stop_requested_at'),
    endedAt: instant('ended_at'),
    endReason: text('end_reason', { enum: END_REASONS }),
    failure: text('failure'),
    /** The next instant at which the timekeeper has to look at this run; null once it has ended. */
    dueAt: instant('due_at'),
    attempts: integer('attempts').notNull().default(0),
    /** When a read of the provider first said that this run's machine is gone. A second read must agree. */
    missingSince: instant('missing_since'),
    /** When it was given up to press this run's machine, or to look at the run, again and again: it is tried at long intervals since. */
    parkedAt: instant('parked_at'),
    /** Looks of the timekeeper at this run that failed since the last one that did not. */
    failedLooks: integer('failed_looks').notNull().default(0),
    usedMs: bigint('used_ms', { mode: 'number' }).notNull().default(0),
    overrunMs: bigint('overrun_ms', { mode: 'number' }).notNull().default(0),
    /** The lease a run must own while it may compute: see the foreign key on it in the migration. */
    leaseRunId: text('lease_run_id').generatedAlwaysAs(
      sql`case when status in ('starting','running') then id end`,
    ),
  },
  (t) => [
    check('run_order', sql`${t.meteredTo} <= ${t.leaseUntil} and ${t.proofAt} <= ${t.leaseUntil}`),
    check('run_status', sql`${t.status} in ('starting','running','stopping','stopped','failed')`),
    check('run_ended', sql`(${t.endedAt} is null) = (${t.status} in ('starting','running','stopping'))`),
    check('run_due_while_open', sql`(${t.dueAt} is null) = (${t.endedAt} is not null)`),
    // Each partial index has a predicate of its own words: PostgreSQL takes any index whose predicate a query states,
    // and must never walk all open runs to find those of one account.
    index('run_due').on(t.dueAt).where(sql`due_at is not null`),
    index('run_open_account').on(t.accountId).where(sql`ended_at is null`),
    uniqueIndex('run_open_session').on(t.sessionId).where(sql`status in ('starting','running','stopping')`),
    uniqueIndex('run_machine').on(t.machineId).where(sql`status in ('starting','running','stopping')`),
    uniqueIndex('run_start_key').on(t.accountId, t.startKey),
    index('run_account').on(t.accountId, t.id),
    index('run_session').on(t.sessionId, t.id),
    index('run_parked').on(t.parkedAt).where(sql`parked_at is not null`),
  ],
);

/**
 * What a run has reserved and not yet used: segments `{from, to, period}` in ms, contiguous, first starting where
 * metering stands. The hold of a run is their length.
 */
export const lease = pgTable(
  'lease',
  {
    runId: text('run_id').primaryKey(),
    accountId: text('account_id').notNull(),
    segments: jsonb('segments').notNull(),
  },
  (t) => [index('lease_account').on(t.accountId)],
);
