import type { Row } from '@/db/rows';
import type { run as runTable } from '@/db/schema/session';
import { writeAudit } from '../audit';
import { type Ctx, inTx, type TxCtx } from '../context';
import { notFound } from '../errors';
import { appNameOf } from '../machine/machines';
import type { AccountState, OpenRun } from '../quota/account-state';
import { lockAccount } from '../quota/load-account';
import { closeRun } from '../run/close';
import { listRuns } from '../run/list-runs';
import type { Run } from '../shapes';
import { noteRemovals } from './removals';

export type CloseInput = { runId: string; actor: string; reason: string };

/**
 * Ends an open run that nothing else ends: it is charged up to its last proof of life, its slot is freed, and the
 * timekeeper removes its machine if one is known. Audited. A run that has ended stays as it is. Throws NOT_FOUND.
 */
export async function closeRunByHand(ctx: Ctx, input: CloseInput): Promise<Run> {
  const [found] = await ctx.sql<
    Pick<Row<typeof runTable>, 'account_id'>[]
  >`select account_id from run where id = ${input.runId}`;
  if (!found) throw notFound('run');
  await inTx(ctx, async (tx) => {
    const state = await lockAccount(tx, found.account_id);
    const run = state.openRuns.find((open) => open.id === input.runId);
    if (run) await closeOpen(tx, state, run, input);
  });
  const [run] = (await listRuns(ctx, { runId: input.runId, limit: 1 })).items;
  if (!run) throw notFound('run');
  return run;
}

async function closeOpen(tx: TxCtx, state: AccountState, run: OpenRun, input: CloseInput): Promise<void> {
  const { accountId } = state;
  const before = {
    status: run.status,
    endReason: run.endReason,
    usedMs: run.usedMs,
    machineId: run.machineId,
  };
  await closeRun(tx, state, run, { endAt: null, reason: run.endReason ?? 'provider' });
  const [after] = await tx.sql<Pick<Row<typeof runTable>, 'status' | 'end_reason' | 'used_ms'>[]>`
    select status, end_reason, used_ms from run where id = ${run.id}`;
  if (run.machineId !== null) {
    const app = appNameOf(tx.env.ENVIRONMENT_ID, accountId);
    await noteRemovals(tx, 'machine', [{ id: run.machineId, app, accountId, tryInMs: 0 }]);
  }
  await writeAudit(tx, {
    actor: input.actor,
    action: 'run.close',
    accountId,
    before: { runId: run.id, ...before },
    after: { runId: run.id, status: after?.status, endReason: after?.end_reason, usedMs: after?.used_ms },
    reason: input.reason,
  });
}
