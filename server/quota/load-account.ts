import type { Sql, TxSql } from '@/db/client';
import type { Row } from '@/db/rows';
import type { account } from '@/db/schema/account';
import type { billingCustomer } from '@/db/schema/billing';
import type { pack } from '@/db/schema/pack';
import type { granting, usagePeriod } from '@/db/schema/quota';
import type { run, session } from '@/db/schema/session';
import type { Instant } from '../clock';
import type { TxCtx } from '../context';
import { notFound } from '../errors';
import type { AccountState, OpenRun, PeriodSums } from './account-state';
import { effectivePlan, type Subscription } from './effective-plan';
import type { PeriodKey, Segment } from './lease';
import { type Pack, packKey, packName } from './packs';
import { type PlanRow, type Prices, pricesOf, toPlan } from './plans';

type RunJson = Pick<
  Row<typeof run>,
  | 'id'
  | 'session_id'
  | 'machine_id'
  | 'admitted_at'
  | 'started_at'
  | 'metered_to'
  | 'proof_at'
  | 'lease_ms'
  | 'lease_until'
  | 'final'
  | 'idle_stop_seconds'
  | 'last_input_at'
  | 'last_work_at'
  | 'agent_boot_id'
  | 'agent_seq'
  | 'stop_requested_at'
  | 'end_reason'
  | 'used_ms'
> &
  Pick<Row<typeof session>, 'awake_from' | 'awake_until'> & {
    status: OpenRun['status'];
    chosen_idle_seconds: Row<typeof session>['idle_stop_seconds'];
    segments: Segment[];
  };

type SumsRow = Pick<Row<typeof usagePeriod>, 'period' | 'quota_ms' | 'forgiven_ms' | 'used_ms' | 'held_ms'>;

export type AccountRow = Pick<Row<typeof account>, 'id' | 'status' | 'own_plan_id'> & {
  is_confirmed: boolean;
  now: Instant;
  clock_behind_ms: number;
  granting_from: Row<typeof granting>['granting_from'];
  plans: PlanRow[];
  subscription: Subscription | null;
  currency: Row<typeof billingCustomer>['currency'];
  periods: SumsRow[];
  packs: (Pick<Row<typeof pack>, 'id' | 'pack_id' | 'seconds' | 'quota_ms' | 'bought_at' | 'ends_at'> & {
    sums: SumsRow;
  })[];
  pack_prices: Record<string, Prices> | null;
  extra_used_ms: number;
  runs: RunJson[];
};

/** The last instant there is: until a restore has been noticed, nothing is granted before it. */
export const NOT_YET_KNOWN = 8_640_000_000_000_000;

/**
 * The columns of one consistent read, for a row source named `a` with a column `now`. Only the sums of the current
 * period, of later ones and of those that open runs are charged to or may be credited in are read: the cost does not
 * grow with history.
 */
export const stateColumns = (sql: Sql | TxSql) => sql`
  a.id, a.status, a.own_plan_id, a.now, hg_ms(a.now) - hg_ms(hg_clock()) as clock_behind_ms,
  coalesce((select bool_or(u.email_verified) from member m join auth_user u on u.id = m.user_id
    where m.account_id = a.id and m.role = 'owner'), true) as is_confirmed,
  coalesce((select hg_ms(g.granting_from) from granting g where g.ledger_oid = 'usage_entry'::regclass::oid::bigint),
    ${NOT_YET_KNOWN}) as granting_from,
  (select json_agg(p order by p.sort, p.id) from plan p) as plans,
  (select json_build_object('planId', s.plan_id, 'status', s.status, 'periodEnd', hg_ms(s.period_end),
      'paidUntil', hg_ms(s.paid_until), 'cancelAt', hg_ms(s.cancel_at), 'pendingPlanId', s.pending_plan_id,
      'pendingAt', hg_ms(s.pending_at), 'bought', s.bought)
    from subscription s where s.account_id = a.id) as subscription,
  (select c.currency from billing_customer c where c.account_id = a.id) as currency,
  coalesce((select json_agg(u) from usage_period u where u.account_id = a.id and u.period >= least(
    to_char(a.now at time zone 'UTC', 'YYYY-MM'),
    (select to_char(min(coalesce(r.started_at, r.proof_at)) at time zone 'UTC', 'YYYY-MM') from run r
      where r.account_id = a.id and r.ended_at is null)) and not starts_with(u.period, 'pack:')), '[]') as periods,
  coalesce((select json_agg(json_build_object('id', k.id, 'pack_id', k.pack_id, 'seconds', k.seconds, 'quota_ms', k.quota_ms, 'bought_at', hg_ms(k.bought_at),
      'ends_at', hg_ms(k.ends_at), 'sums', u) order by k.ends_at, k.id)
    from pack k join usage_period u on u.account_id = k.account_id and u.period = 'pack:' || k.id
    where k.account_id = a.id and k.ends_at > least(a.now,
      (select min(coalesce(r.started_at, r.proof_at)) from run r where r.account_id = a.id and r.ended_at is null))), '[]') as packs,
  (select json_object_agg(o.pack_id, o.prices) from pack_offer o) as pack_prices,
  coalesce((select sum(d.extra_ms)::bigint from usage_day d where d.account_id = a.id
    and d.day between date_trunc('month', a.now at time zone 'UTC')::date and (a.now at time zone 'UTC')::date), 0) as extra_used_ms,
  coalesce((select json_agg(json_build_object(
      'id', r.id, 'session_id', r.session_id, 'status', r.status, 'machine_id', r.machine_id,
      'admitted_at', hg_ms(r.admitted_at), 'started_at', hg_ms(r.started_at), 'metered_to', hg_ms(r.metered_to),
      'proof_at', hg_ms(r.proof_at), 'lease_ms', r.lease_ms, 'lease_until', hg_ms(r.lease_until), 'final', r.final,
      'idle_stop_seconds', r.idle_stop_seconds, 'chosen_idle_seconds', s.idle_stop_seconds,
      'awake_from', hg_ms(s.awake_from), 'awake_until', hg_ms(s.awake_until),
      'last_input_at', hg_ms(r.last_input_at), 'last_work_at', hg_ms(r.last_work_at),
      'agent_boot_id', r.agent_boot_id, 'agent_seq', r.agent_seq,
      'stop_requested_at', hg_ms(r.stop_requested_at), 'end_reason', r.end_reason, 'used_ms', r.used_ms,
      'segments', coalesce(l.segments, '[]')) order by r.admitted_at, r.id)
    from run r join session s on s.id = r.session_id left join lease l on l.run_id = r.id
    where r.account_id = a.id and r.ended_at is null), '[]') as runs`;

/** The row source of a read without a lock: an account and the moment of the read. */
export const readMoment = (sql: Sql | TxSql, accountId: string) => sql`
  (select id, status, own_plan_id, greatest(hg_clock(), clock_at) as now from account where id = ${accountId})`;

/** Returns the state of an account in one statement, without a lock, for display only. Throws NOT_FOUND. */
export async function readAccount(sql: Sql | TxSql, accountId: string): Promise<AccountState> {
  const [row] = await sql<AccountRow[]>`
    select ${stateColumns(sql)} from ${readMoment(sql, accountId)} a`;
  if (!row) throw notFound('account');
  return toState(row);
}

/**
 * Locks the account and returns its state after the lock. The lock is a statement of its own, so that the read has a
 * snapshot in which no other decision is under way. Advances the account's clock, which never runs backwards. Throws
 * NOT_FOUND.
 */
export async function lockAccount(tx: TxCtx, accountId: string): Promise<AccountState> {
  return toState(await lockRow(tx, accountId, tx.sql``));
}

/**
 * Takes only the lock, for counts per account that are no decision on quota. Throws NOT_FOUND, also for a deleted
 * account.
 */
export async function holdAccount({ sql }: TxCtx, accountId: string): Promise<void> {
  const rows = await sql`
    select 1 from account where id = ${accountId} and deleted_at is null for no key update`;
  if (rows.length === 0) throw notFound('account');
}

/**
 * Returns the same read under the same lock as raw rows, with the caller's columns `more` of the same snapshot. Throws
 * NOT_FOUND.
 */
export async function lockRow<More extends object = object>(
  { sql }: TxCtx,
  accountId: string,
  more: ReturnType<TxCtx['sql']> | ReturnType<typeof stateColumns>,
): Promise<AccountRow & More> {
  // Sent together and executed in order: one round trip.
  const [, [row]] = await Promise.all([
    sql`select id from account where id = ${accountId} for no key update`,
    sql<(AccountRow & More)[]>`
      with a as (update account set clock_at = greatest(hg_clock(), clock_at) where id = ${accountId}
        returning id, status, own_plan_id, clock_at as now)
      select ${stateColumns(sql)} ${more} from a`,
  ]);
  if (!row) throw notFound('account');
  return row;
}

/** Returns the rows of that read as the state that decisions use. */
export function toState(row: AccountRow): AccountState {
  const plans = row.plans.map(toPlan);
  const periods = new Map<PeriodKey, PeriodSums>();
  for (const p of [...row.periods, ...row.packs.map(({ sums }) => sums)]) {
    periods.set(p.period, {
      quotaMs: p.quota_ms,
      forgivenMs: p.forgiven_ms,
      usedMs: p.used_ms,
      heldMs: p.held_ms,
    });
  }
  const { subscription } = row;
  return {
    accountId: row.id,
    status: row.status,
    isConfirmed: row.is_confirmed,
    now: row.now,
    clockBehindMs: row.clock_behind_ms,
    grantingFrom: row.granting_from,
    plan: effectivePlan(plans, row.own_plan_id, subscription, row.now),
    ownPlanId: row.own_plan_id,
    subscription,
    plans,
    prices: new Map(row.plans.map((plan) => [plan.id, pricesOf(plan)])),
    currency: row.currency,
    packPrices: new Map(Object.entries(row.pack_prices ?? {})),
    periods,
    packs: row.packs.map(toPack),
    extraUsedMs: Number(row.extra_used_ms),
    openRuns: row.runs.map(toOpenRun),
  };
}

const toPack = ({
  id,
  pack_id,
  seconds,
  quota_ms,
  bought_at,
  ends_at,
}: AccountRow['packs'][number]): Pack => ({
  id,
  key: packKey(id),
  name: packName({ packId: pack_id, seconds }),
  seconds,
  boughtAt: bought_at,
  endsAt: ends_at,
  quotaMs: quota_ms,
});

const toOpenRun = (r: RunJson): OpenRun => ({
  id: r.id,
  sessionId: r.session_id,
  status: r.status,
  machineId: r.machine_id,
  admittedAt: r.admitted_at,
  startedAt: r.started_at,
  meteredTo: r.metered_to,
  proofAt: r.proof_at,
  leaseMs: r.lease_ms,
  leaseUntil: r.lease_until,
  final: r.final,
  idleStopSeconds: r.idle_stop_seconds,
  chosenIdleSeconds: r.chosen_idle_seconds,
  awakeFrom: r.awake_from,
  awakeUntil: r.awake_until,
  lastInputAt: r.last_input_at,
  lastWorkAt: r.last_work_at,
  agentBootId: r.agent_boot_id,
  agentSeq: r.agent_seq,
  stopRequestedAt: r.stop_requested_at,
  endReason: r.end_reason,
  usedMs: r.used_ms,
  segments: r.segments,
});
