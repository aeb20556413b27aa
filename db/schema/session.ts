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
    /** Idle stop: time without keystrokes and work, in seconds. Null follows the plan. Bounded by the plan in force. */
    idleStopSeconds: integer('idle_stop_seconds'),
    /** The session is kept awake between these instants; both null when it is not. */
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
    /** First proof of running; null until then. Nothing is billed before it. */
    startedAt: instant('started_at'),
    /** Time up to here is in the ledger. */
    meteredTo: instant('metered_to').notNull(),
    /** Last proof of life: an end proven later is never set before it. */
    proofAt: instant('proof_at').notNull(),
    /** Length of the first slice; the first proof of running fixes its end. */
    leaseMs: bigint('lease_ms', { mode: 'number' }).notNull(),
    leaseUntil: instant('lease_until').notNull(),
    final: boolean('final').notNull().default(false),
    /** The idle stop the machine was created with; null for none. */
    idleStopSeconds: integer('idle_stop_seconds'),
    lastInputAt: instant('last_input_at'),
    /** When a command last worked, as the machine reports. */
    lastWorkAt: instant('last_work_at'),
    metrics: jsonb('metrics'),
    agentBootId: text('agent_boot_id'),
    agentSeq: integer('agent_seq'),
    stopRequestedAt: instant('stop_requested_at'),
    endedAt: instant('ended_at'),
    endReason: text('end_reason', { enum: END_REASONS }),
    failure: text('failure'),
    /** When the timekeeper next checks this run; null once it has ended. */
    dueAt: instant('due_at'),
    attempts: integer('attempts').notNull().default(0),
    /** When a read of the provider first showed that the machine is gone. A second read must agree. */
    missingSince: instant('missing_since'),
    /**
     * When repeated failures to stop the machine or check the run parked it: since then it is retried at long
     * intervals.
     */
    parkedAt: instant('parked_at'),
    /** Checks of this run by the timekeeper that have failed since the last successful one. */
    failedLooks: integer('failed_looks').notNull().default(0),
    usedMs: bigint('used_ms', { mode: 'number' }).notNull().default(0),
    overrunMs: bigint('overrun_ms', { mode: 'number' }).notNull().default(0),
    /** The lease a run must own while it may compute: see the foreign key on this column in the migration. */
    leaseRunId: text('lease_run_id').generatedAlwaysAs(
      sql`case when status in ('starting','running') then id end`,
    ),
  },
  (t) => [
    check('run_order', sql`${t.meteredTo} <= ${t.leaseUntil} and ${t.proofAt} <= ${t.leaseUntil}`),
    check('run_status', sql`${t.status} in ('starting','running','stopping','stopped','failed')`),
    check('run_ended', sql`(${t.endedAt} is null) = (${t.status} in ('starting','running','stopping'))`),
    check('run_due_while_open', sql`(${t.dueAt} is null) = (${t.endedAt} is not null)`),
    // Each partial index has a predicate of its own: PostgreSQL uses any index whose predicate a query states, and must
    // never walk all open runs to find those of one account.
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
 * What a run has reserved and not yet used: segments `{from, to, period}` in ms, contiguous, starting where metering
 * stands. The hold of a run is their total length.
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
