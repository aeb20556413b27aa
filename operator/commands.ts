import { adjustAccountUsage } from '@/server/account/adjust-usage';
import { createAccount } from '@/server/account/create-account';
import { deleteAccount } from '@/server/account/delete-account';
import { dropSecondFactor } from '@/server/account/drop-second-factor';
import { saveAuditedPlan } from '@/server/account/save-plan';
import { setPlan } from '@/server/account/set-plan';
import { setStatus } from '@/server/account/set-status';
import { syncCatalogue } from '@/server/billing/catalogue/sync-catalogue';
import { explainBilling, storyLines } from '@/server/billing/explain-billing';
import { liftHolds } from '@/server/billing/lift-holds';
import { syncStripe } from '@/server/billing/sync/sync-stripe';
import { toIso } from '@/server/clock';
import type { Ctx } from '@/server/context';
import { DomainError } from '@/server/errors';
import { closeRunByHand } from '@/server/inventory/close-by-hand';
import { listParked } from '@/server/inventory/list-parked';
import { exportLedger } from '@/server/quota/export-ledger';
import { findDrift } from '@/server/quota/find-drift';
import { noteRestore } from '@/server/quota/note-restore';
import { listPlans } from '@/server/quota/plans';
import { type Verification, verifyLedger } from '@/server/quota/verify-ledger';
import { explainRun } from '@/server/run/explain-run';
import { listRuns } from '@/server/run/list-runs';
import { attachVolume } from '@/server/session/attach-volume';
import { type AccountStatus, inputs, type Plan, type Run } from '@/server/shapes';

export type Flags = Record<string, string | boolean | undefined>;
/** `text` is what people read instead of the result. */
type Outcome = { result: unknown; exitCode?: number; text?: string[] };
type Command = {
  flags: Record<string, 'text' | 'switch'>;
  needed: string[];
  /** It signs or marks something: refused without AUTH_SECRET before anything is done. */
  signs?: true;
  run: (ctx: Ctx, flags: Flags) => Promise<Outcome>;
};

/** A wrong call of the command: printed with the usage. */
export class UsageError extends Error {}

const text = (flags: Flags, name: string): string => String(flags[name] ?? '');
const given = (flags: Flags, name: string): string | undefined =>
  typeof flags[name] === 'string' ? (flags[name] as string) : undefined;

function numberOf(flags: Flags, name: string): number {
  const value = Number(flags[name]);
  if (flags[name] === '' || !Number.isFinite(value)) throw new UsageError(`--${name} must be a number.`);
  return value;
}

const byOperator = (flags: Flags) => ({
  actor: 'operator',
  accountId: text(flags, 'account'),
  reason: text(flags, 'reason'),
});

function statusOf(value: string): AccountStatus {
  if (value === 'pending' || value === 'active' || value === 'blocked') return value;
  throw new UsageError('--status must be pending, active or blocked.');
}

/** Every run there is, page by page. */
async function allRuns(ctx: Ctx, accountId: string | undefined): Promise<Run[]> {
  const runs: Run[] = [];
  for (let cursor: string | undefined; ; ) {
    const page = await listRuns(ctx, { accountId, cursor, limit: 100 });
    runs.push(...page.items);
    if (page.nextCursor === null) return runs;
    cursor = page.nextCursor;
  }
}

const PLAN_FLAGS = {
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

/** The plan as it would be with the given flags over what it is. A new plan starts from modest values. */
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

async function setPlanRow(ctx: Ctx, flags: Flags): Promise<Outcome> {
  const plans = await listPlans(ctx.sql);
  const known = plans.find((plan) => plan.id === flags.id);
  const nextRank = Math.max(90, ...plans.map(({ sort }) => sort)) + 10;
  const parsed = inputs.plan.safeParse(editedPlan(known, flags, nextRank));
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new DomainError(
      'INVALID_INPUT',
      `This plan cannot be: ${issue?.path.join('.')} ${issue?.message}.`,
    );
  }
  return { result: await saveAuditedPlan(ctx, { actor: 'operator', plan: parsed.data, reason: 'plan set' }) };
}

/** A verification in words, a line for each break and each wrong sum. */
function outcomeOf(found: Verification): Outcome {
  const { accountCount, entryCount, problems, drift } = found;
  const broken = problems.length + drift.length > 0;
  const text = [
    ...problems.map(({ accountId, message }) => `account ${accountId}: ${message}`),
    ...drift.map(
      ({ accountId, kind, key, haveSeconds, wantSeconds }) =>
        `account ${accountId}: the sum ${kind} ${key} says ${haveSeconds} s, its entries ${wantSeconds} s.`,
    ),
    `${entryCount} entries of ${accountCount} accounts: ${broken ? 'NOT as they were written' : 'every one as it was written'}.`,
  ];
  return { result: found, exitCode: broken ? 1 : 0, text };
}

/** Every command there is, by its two words. */
export const COMMANDS: Record<string, Command> = {
  'account create': {
    flags: { email: 'text', name: 'text', plan: 'text', status: 'text', admin: 'switch', password: 'text' },
    needed: ['email'],
    signs: true,
    run: async (ctx, flags) => ({
      result: await createAccount(ctx, {
        email: text(flags, 'email'),
        name: given(flags, 'name'),
        planId: given(flags, 'plan'),
        status: given(flags, 'status') === undefined ? undefined : statusOf(text(flags, 'status')),
        isAdmin: flags.admin === true,
        password: given(flags, 'password'),
      }),
    }),
  },
  'account set-plan': {
    flags: { account: 'text', plan: 'text', reason: 'text' },
    needed: ['account', 'plan', 'reason'],
    run: async (ctx, flags) => ({
      result: await setPlan(ctx, { ...byOperator(flags), planId: text(flags, 'plan') }),
    }),
  },
  'account set-status': {
    flags: { account: 'text', status: 'text', reason: 'text' },
    needed: ['account', 'status', 'reason'],
    run: async (ctx, flags) => ({
      result: await setStatus(ctx, { ...byOperator(flags), status: statusOf(text(flags, 'status')) }),
    }),
  },
  'account delete': {
    flags: { account: 'text', reason: 'text' },
    needed: ['account', 'reason'],
    signs: true,
    run: async (ctx, flags) => ({ result: await deleteAccount(ctx, byOperator(flags)) }),
  },
  'account drop-second-factor': {
    flags: { email: 'text', reason: 'text' },
    needed: ['email', 'reason'],
    run: async (ctx, flags) => ({
      result: await dropSecondFactor(ctx, {
        actor: 'operator',
        email: text(flags, 'email'),
        reason: text(flags, 'reason'),
      }),
    }),
  },
  'account adjust-usage': {
    flags: { account: 'text', seconds: 'text', reason: 'text' },
    needed: ['account', 'seconds', 'reason'],
    run: async (ctx, flags) => ({
      result: await adjustAccountUsage(ctx, { ...byOperator(flags), seconds: numberOf(flags, 'seconds') }),
    }),
  },
  'plan set': { flags: PLAN_FLAGS, needed: ['id'], run: setPlanRow },
  'plan list': { flags: {}, needed: [], run: async (ctx) => ({ result: await listPlans(ctx.sql) }) },
  'run list': {
    flags: { account: 'text' },
    needed: [],
    run: async (ctx, flags) => ({ result: await allRuns(ctx, given(flags, 'account')) }),
  },
  'run close': {
    flags: { run: 'text', reason: 'text' },
    needed: ['run', 'reason'],
    run: async (ctx, flags) => ({
      result: await closeRunByHand(ctx, {
        actor: 'operator',
        runId: text(flags, 'run'),
        reason: text(flags, 'reason'),
      }),
    }),
  },
  'run why': {
    flags: { run: 'text' },
    needed: ['run'],
    run: async (ctx, flags) => {
      const result = await explainRun(ctx, text(flags, 'run'));
      return {
        result,
        text: result.steps.map(({ at, source, what }) => `${at}  ${source.padEnd(8)}  ${what}`),
      };
    },
  },
  'parked list': {
    flags: {},
    needed: [],
    run: async (ctx) => ({ result: await listParked(ctx) }),
  },
  'volume attach': {
    flags: { volume: 'text', name: 'text', reason: 'text' },
    needed: ['volume', 'name', 'reason'],
    run: async (ctx, flags) => ({
      result: await attachVolume(ctx, {
        actor: 'operator',
        volumeId: text(flags, 'volume'),
        name: text(flags, 'name'),
        reason: text(flags, 'reason'),
      }),
    }),
  },
  drift: {
    flags: {},
    needed: [],
    run: async (ctx) => {
      const drift = await findDrift(ctx.sql);
      return { result: drift, exitCode: drift.length > 0 ? 1 : 0 };
    },
  },
  'ledger export': {
    flags: { account: 'text' },
    needed: ['account'],
    run: async (ctx, flags) => ({ result: await exportLedger(ctx, text(flags, 'account')) }),
  },
  'ledger verify': {
    flags: { account: 'text' },
    needed: [],
    run: async (ctx, flags) => outcomeOf(await verifyLedger(ctx, given(flags, 'account') ?? null)),
  },
  'database restored': {
    flags: {},
    needed: [],
    run: async (ctx) => ({ result: { grantingFrom: toIso((await noteRestore(ctx, true)) ?? 0) } }),
  },
  'billing why': {
    flags: { account: 'text' },
    needed: ['account'],
    run: async (ctx, flags) => {
      const result = await explainBilling(ctx, text(flags, 'account'));
      return { result, text: storyLines(result), exitCode: result.agrees ? 0 : 1 };
    },
  },
  'billing lift-holds': {
    flags: { account: 'text', reason: 'text' },
    needed: ['account', 'reason'],
    run: async (ctx, flags) => ({ result: await liftHolds(ctx, byOperator(flags)) }),
  },
  'stripe sync-catalogue': {
    flags: {},
    needed: [],
    run: async (ctx) => ({ result: await syncCatalogue(ctx) }),
  },
  'stripe sync': {
    flags: { account: 'text' },
    needed: [],
    run: async (ctx, flags) => ({ result: await syncStripe(ctx, given(flags, 'account')) }),
  },
};
