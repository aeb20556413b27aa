import type { Ctx } from '../context';
import { appNameOf } from '../machine/machines';
import type { RunRow } from './run-row';
import { killAt } from './times';

/** Returns whether a machine is to be removed instead of told to end. Pure. */
const isByForce = (ctx: Pick<Ctx, 'env'>, run: RunRow): boolean =>
  run.now >= killAt(ctx.env, run) || run.end_reason === 'boot_timeout';

/** Tells a stopping machine to end; after its grace period, removes it by force. Repeated until it is proven dead. */
export async function enforceStop(ctx: Ctx, run: RunRow, machineId: string): Promise<void> {
  const app = appNameOf(ctx.env.ENVIRONMENT_ID, run.account_id);
  const byForce = isByForce(ctx, run);
  const politeSeconds = Math.max(0.1, (killAt(ctx.env, run) - run.now) / 1000);
  const pressed = byForce
    ? await ctx.machines.destroy(app, machineId)
    : await ctx.machines.stop(app, machineId, politeSeconds);
  if (pressed.ok) return;
  ctx.log.warn(
    { runId: run.id, machineId, byForce, failure: pressed.failure },
    'a machine could not be stopped yet',
  );
}
