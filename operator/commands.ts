import { adjustAccountUsage } from '@/server/account/adjust-usage';
import { createAccount } from '@/server/account/create-account';
import { deleteAccount } from '@/server/account/delete-account';
import { dropSecondFactor } from '@/server/account/drop-second-factor';
import { renewSecondFactors } from '@/server/account/renew-second-factors';
import { setPlan } from '@/server/account/set-plan';
import { setStatus } from '@/server/account/set-status';
import { syncCatalogue } from '@/server/billing/catalogue/sync-catalogue';
import { explainBilling, storyLines } from '@/server/billing/explain-billing';
import { liftHolds } from '@/server/billing/lift-holds';
import { syncStripe } from '@/server/billing/sync/sync-stripe';
import { toIso } from '@/server/clock';
import type { Ctx } from '@/server/context';
import { closeRunByHand } from '@/server/inventory/close-by-hand';
import { listParked } from '@/server/inventory/list-parked';
import { moveInstallation } from '@/server/inventory/move-installation';
import { renewInstallation } from '@/server/inventory/renew-installation';
import { showInstallation } from '@/server/inventory/show-installation';
import { exportLedger } from '@/server/quota/export-ledger';
import { findDrift } from '@/server/quota/find-drift';
import { noteRestore } from '@/server/quota/note-restore';
import { listPlans } from '@/server/quota/plans';
import { type Verification, verifyLedger } from '@/server/quota/verify-ledger';
import { explainRun } from '@/server/run/explain-run';
import { listRuns } from '@/server/run/list-runs';
import { renewSecrets } from '@/server/secret/renew-secrets';
import { attachVolume } from '@/server/session/attach-volume';
import type { AccountStatus, Run } from '@/server/shapes';
import { type Flags, given, numberOf, text, UsageError } from './flags';
import { PLAN_FLAGS, setPlanRow } from './plan-flags';

/** `text` replaces `result` in the output unless `--json` is given. */
type Outcome = { result: unknown; exitCode?: number; text?: string[] };
type Command = {
  flags: Record<string, 'text' | 'switch'>;
  needed: string[];
  /** The command signs or hashes with AUTH_SECRET, so it is refused up front without one. */
  signs?: true;
  run: (ctx: Ctx, flags: Flags) => Promise<Outcome>;
};

const byOperator = (flags: Flags) => ({
  actor: 'operator',
  accountId: text(flags, 'account'),
  reason: text(flags, 'reason'),
});

function statusOf(value: string): AccountStatus {
  if (value === 'pending' || value === 'active' || value === 'blocked') return value;
  throw new UsageError('--status must be pending, active or blocked.');
}

/** Returns all runs, of one account or of all accounts. */
async function allRuns(ctx: Ctx, accountId: string | undefined): Promise<Run[]> {
  const runs: Run[] = [];
  for (let cursor: string | undefined; ; ) {
    const page = await listRuns(ctx, { accountId, cursor, limit: 100 });
    runs.push(...page.items);
    if (page.nextCursor === null) return runs;
    cursor = page.nextCursor;
  }
}

/** Turns a verification into text, one line per broken entry and per wrong sum. Exit code 1 when anything is wrong. */
function outcomeOf(found: Verification): Outcome {
  const { accountCount, entryCount, problems, drift, failures } = found;
  const broken = problems.length + drift.length + failures.length > 0;
  const text = [
    ...problems.map(({ accountId, message }) => `account ${accountId}: ${message}`),
    ...drift.map(
      ({ accountId, kind, key, haveSeconds, wantSeconds }) =>
        `account ${accountId}: the sum ${kind} ${key} holds ${haveSeconds} s, but its entries add up to ${wantSeconds} s.`,
    ),
    ...failures.map(({ accountId, message }) => `account ${accountId} could not be verified: ${message}`),
    `${entryCount} entries of ${accountCount} accounts: ${broken ? 'NOT unchanged, see above' : 'all unchanged'}.`,
  ];
  return { result: found, exitCode: broken ? 1 : 0, text };
}

/** All commands, keyed by their one or two words. */
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
  'account renew-second-factors': {
    flags: {},
    needed: [],
    signs: true,
    run: async (ctx) => ({ result: await renewSecondFactors(ctx) }),
  },
  'account renew-secrets': {
    flags: {},
    needed: [],
    signs: true,
    run: async (ctx) => ({ result: await renewSecrets(ctx) }),
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
  'installation show': {
    flags: {},
    needed: [],
    run: async (ctx) => ({ result: await showInstallation(ctx) }),
  },
  'installation renew': {
    flags: { reason: 'text' },
    needed: ['reason'],
    run: async (ctx, flags) => ({
      result: await renewInstallation(ctx, { actor: 'operator', reason: text(flags, 'reason') }),
    }),
  },
  'installation move': {
    flags: { reason: 'text' },
    needed: ['reason'],
    run: async (ctx, flags) => ({
      result: await moveInstallation(ctx, { actor: 'operator', reason: text(flags, 'reason') }),
    }),
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
