import { insist } from './insist';
import type { Setting } from './setting';

/** The provider's own record of a machine, whatever its API was made to answer. */
export type TruthMachine = {
  id: string;
  app: string;
  state: string;
  region: string;
  metadata: Record<string, string>;
  createdAt: number;
  pid: number | null;
  intervals: { startedAt: number; stoppedAt: number | null }[];
};

export type RunRow = {
  id: string;
  account_id: string;
  session_id: string;
  machine_id: string | null;
  status: string;
  admitted_at: number;
  started_at: number | null;
  /** When its lease was last granted or renewed. */
  proof_at: number;
  lease_until: number;
  ended_at: number | null;
  end_reason: string | null;
  overrun_ms: number;
  /** The sum of the run's ledger entries. */
  charged_ms: number;
  /** The part charged to the month that began meanwhile. */
  next_month_ms: number;
};

type SessionRow = { id: string; volume_id: string | null; deleted: boolean };
type TruthVolume = { id: string; app: string; name: string; state: string };

/** The records of both sides at an instant: the product's from its database, the providers' from their own. */
export type Books = {
  runs: RunRow[];
  machines: TruthMachine[];
  /** Volumes that are not being removed. */
  volumes: TruthVolume[];
  apps: string[];
  sessions: SessionRow[];
  deletedAccounts: { id: string; removed: boolean }[];
  /** Accounts with a customer that can be charged. */
  payingAccounts: string[];
};

/** Returns every machine the provider has or had. */
export const readAllMachines = (setting: Setting): Promise<TruthMachine[]> =>
  insist(() => setting.control<TruthMachine[]>('/control/machines'), 30_000);

/** Returns all machines except those of the second installation. */
const readMachines = async (setting: Setting): Promise<TruthMachine[]> => {
  const all = await readAllMachines(setting);
  return all.filter(({ metadata }) => metadata.hourglass_installation !== setting.other.id);
};

const monthOf = (at: number): string => new Date(at).toISOString().slice(0, 7);

const readRuns = (setting: Setting): Promise<RunRow[]> =>
  insist(
    async () => [
      ...(await setting.sql<RunRow[]>`
        select r.id, r.account_id, r.session_id, r.machine_id, r.status, r.admitted_at, r.started_at, r.proof_at, r.lease_until, r.ended_at,
          r.end_reason, r.overrun_ms,
          coalesce((select sum(e.ms) from usage_entry e where e.run_id = r.id), 0)::bigint as charged_ms,
          coalesce((select sum(e.ms) from usage_entry e where e.run_id = r.id and e.period = ${monthOf(setting.edgeAt)}), 0)::bigint
            as next_month_ms
        from run r order by r.id`),
    ],
    30_000,
  );

type StripeState = { customers: { id: string; deleted?: boolean; metadata: Record<string, string> }[] };

/**
 * Reads the records of both sides, one after the other; a change between the two reads looks like a difference until
 * the next look.
 */
export async function readBooks(setting: Setting): Promise<Books> {
  const ask = <T>(work: () => Promise<T>) => insist(work, 30_000);
  const runs = await readRuns(setting);
  const sessions = await ask(async () => [
    ...(await setting.sql<SessionRow[]>`
      select id, volume_id, deleted_at is not null as deleted from session`),
  ]);
  const deletedAccounts = await ask(async () => [
    ...(await setting.sql<{ id: string; removed: boolean }[]>`
      select id, removed_at is not null as removed from account where deleted_at is not null`),
  ]);
  const machines = await readMachines(setting);
  const volumes = await ask(() => setting.control<TruthVolume[]>('/control/volumes'));
  const apps = await ask(() => setting.control<string[]>('/control/apps'));
  const { customers } = await ask(() => setting.stripe<StripeState>('state'));
  return {
    runs,
    machines,
    volumes: volumes.filter(({ state }) => state !== 'pending_destroy'),
    apps,
    sessions,
    deletedAccounts,
    payingAccounts: customers.filter(({ deleted }) => !deleted).map(({ metadata }) => metadata.account ?? ''),
  };
}
