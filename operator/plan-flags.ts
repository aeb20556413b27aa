import { saveAuditedPlan } from '@/server/account/save-plan';
import type { Ctx } from '@/server/context';
import { DomainError } from '@/server/errors';
import { listPlans } from '@/server/quota/plans';
import { inputs, type Plan } from '@/server/shapes';
import { type Flags, given, numberOf, text } from './flags';

/** The flags of `plan set`. */
export const PLAN_FLAGS = {
  id: 'text',
  name: 'text',
  description: 'text',
  'monthly-seconds': 'text',
  'once-seconds': 'text',
  'max-sessions': 'text',
  'idle-min-seconds': 'text',
  'idle-max-seconds': 'text',
  'idle-default-seconds': 'text',
  'storage-gb': 'text',
  sort: 'text',
  visible: 'text',
} as const;

/** Returns `known` with the given flags applied; a new plan starts from small defaults. */
function editedPlan(known: Plan | undefined, flags: Flags, nextRank: number): Plan {
  const id = text(flags, 'id');
  const limit = (name: string, before: number | null) =>
    flags[name] === undefined ? before : flags[name] === 'null' ? null : numberOf(flags, name);
  const count = (name: string, before: number) =>
    flags[name] === undefined ? before : numberOf(flags, name);
  const idle = known?.idleStop ?? { minSeconds: 900, maxSeconds: 900, defaultSeconds: 900 };
  return {
    id,
    name: given(flags, 'name') ?? known?.name ?? id,
    description: given(flags, 'description') ?? known?.description ?? '',
    monthlySeconds: limit('monthly-seconds', known?.monthlySeconds ?? null),
    onceSeconds: limit('once-seconds', known?.onceSeconds ?? null),
    maxSessions: count('max-sessions', known?.maxSessions ?? 1),
    idleStop: {
      minSeconds: count('idle-min-seconds', idle.minSeconds),
      maxSeconds: count('idle-max-seconds', idle.maxSeconds),
      defaultSeconds: count('idle-default-seconds', idle.defaultSeconds),
    },
    storageGb: count('storage-gb', known?.storageGb ?? 1),
    sort: count('sort', known?.sort ?? nextRank),
    visible: flags.visible === undefined ? (known?.visible ?? true) : flags.visible === 'true',
  };
}

/** Saves the plan of `--id` with the given flags applied, audited; returns it. Throws INVALID_INPUT for a plan that is not valid. */
export async function setPlanRow(ctx: Ctx, flags: Flags): Promise<{ result: Plan }> {
  const plans = await listPlans(ctx.sql);
  const known = plans.find((plan) => plan.id === flags.id);
  const nextRank = Math.max(90, ...plans.map(({ sort }) => sort)) + 10;
  const parsed = inputs.plan.safeParse(editedPlan(known, flags, nextRank));
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new DomainError(
      'INVALID_INPUT',
      `This plan is not valid: ${issue?.path.join('.')} ${issue?.message}.`,
    );
  }
  return { result: await saveAuditedPlan(ctx, { actor: 'operator', plan: parsed.data, reason: 'plan set' }) };
}
