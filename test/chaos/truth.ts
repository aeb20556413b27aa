import { insist, type Setting } from './setting';

/** What the provider itself knows of a machine, whatever its API was made to say. */
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
  machine_id: string | null;
  status: string;
  admitted_at: number;
  started_at: number | null;
  lease_until: number;
  ended_at: number | null;
  end_reason: string | null;
  overrun_ms: number;
  /** What the ledger charged, summed entry by entry. */
  charged_ms: number;
};

export const readMachines = (setting: Setting): Promise<TruthMachine[]> =>
  insist(() => setting.control<TruthMachine[]>('/control/machines'), 30_000);

export const readRuns = (setting: Setting): Promise<RunRow[]> =>
  insist(
    async () => [
      ...(await setting.sql<RunRow[]>`
        select r.id, r.account_id, r.machine_id, r.status, r.admitted_at, r.started_at, r.lease_until, r.ended_at,
          r.end_reason, r.overrun_ms,
          coalesce((select sum(e.ms) from usage_entry e where e.run_id = r.id), 0)::bigint as charged_ms
        from run r order by r.id`),
    ],
    30_000,
  );
