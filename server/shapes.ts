import { z } from 'zod';
import type { Upgrade } from './offer-shapes';
import { visibleName } from './visible-text';

export type { PricedPack, Upgrade, UpgradePack, UpgradePlan } from './offer-shapes';

/** Public shapes: the inputs and outputs of procedures. Instants are ISO-8601 UTC text, durations are seconds. */

export const AGENTS = ['bash', 'claude-code', 'codex', 'gemini', 'opencode'] as const;
export const SIZES = ['standard'] as const;
export const SCOPES = [
  'session:read',
  'session:write',
  'usage:read',
  'billing:read',
  'billing:write',
  'admin',
] as const;
export const SESSION_STATUSES = ['stopped', 'starting', 'running', 'stopping', 'failed'] as const;
/** Why a run would end at the instant shown for it. */
export type StopCause = 'quota' | 'idle' | 'plan' | 'user';
export const END_REASONS = [
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

export const START_REASONS = [
  'QUOTA_EXCEEDED',
  'TRIAL_EXHAUSTED',
  'SESSION_LIMIT_REACHED',
  'ACCOUNT_BLOCKED',
  'ACCOUNT_PENDING',
  'EMAIL_UNCONFIRMED',
  'QUOTA_UNAVAILABLE',
] as const;

/** The plan whose allowance is given once, not every month. */
export const TRIAL_PLAN = 'trial';

export type Agent = (typeof AGENTS)[number];
export type Size = (typeof SIZES)[number];
export type Scope = (typeof SCOPES)[number];
export type SessionStatus = (typeof SESSION_STATUSES)[number];
export type EndReason = (typeof END_REASONS)[number];
export type AccountStatus = 'pending' | 'active' | 'blocked';

export type Metrics = {
  cpuPercent?: number;
  memoryMb?: number;
  memoryTotalMb?: number;
  diskMb?: number;
  diskTotalMb?: number;
};

export type Session = {
  id: string;
  name: string;
  agent: Agent;
  region: string;
  size: Size;
  status: SessionStatus;
  createdAt: string;
  startedAt: string | null;
  stoppedAt: string | null;
  /** The latest end of this run as things stand: its lease, or its idle stop if that comes first. */
  stopsAt: string | null;
  /** Why the run would end then; null while nothing ends it. */
  stopCause: StopCause | null;
  endReason: EndReason | null;
  /** The last keystroke. */
  lastActiveAt: string | null;
  /** When a command last worked: wrote output or used the processor. */
  lastWorkAt: string | null;
  /** Time without keystrokes and work after which the session stops, within the bounds of the plan in force. */
  idleStopSeconds: number;
  /** No idle stop before this instant; null when the session is not kept awake. */
  keepAwakeUntil: string | null;
  metrics: Metrics | null;
};

export type Run = {
  id: string;
  sessionId: string;
  accountId: string;
  machineId: string | null;
  status: SessionStatus;
  admittedAt: string;
  startedAt: string | null;
  endedAt: string | null;
  leaseUntil: string;
  usedSeconds: number;
  heldSeconds: number;
  overrunSeconds: number;
  endReason: EndReason | null;
};

export type Plan = {
  id: string;
  name: string;
  description: string;
  monthlySeconds: number | null;
  onceSeconds: number | null;
  maxSessions: number;
  idleStop: { minSeconds: number; maxSeconds: number; defaultSeconds: number };
  storageGb: number;
  sort: number;
  visible: boolean;
};

export type QuotaLevel = 'ok' | 'warn80' | 'warn95' | 'exhausted' | 'unlimited';

export type Quota = {
  plan: { id: string; name: string };
  periodStart: string;
  periodEnd: string;
  quotaSeconds: number | null;
  usedSeconds: number;
  heldSeconds: number;
  /** The time left in packs, and of a trial beside a plan. */
  extraSeconds: number;
  remainingSeconds: number | null;
  percent: number | null;
  level: QuotaLevel;
  exhaustsAt: string | null;
};

export type Limits = { maxSessions: number; activeSessions: number };

export type StartReason = (typeof START_REASONS)[number];
export type Start = { allowed: boolean; reason: StartReason | null };

export type Price = { amount: number; currency: string; interval: 'month' };
export type PricedPlan = Plan & {
  /** Null when the plan is not for sale. */
  price: Price | null;
  /** The whole quota of this month if the plan were chosen now; null is no limit. */
  thisMonthSeconds: number | null;
};
export type { BillingSummary, Money, PaymentState } from './billing-shapes';

export type ChangePreview = {
  effective: 'now' | 'period_end';
  /** The whole quota of this month once the change is made; null is no limit. */
  thisMonthSeconds: number | null;
  /** Minor units charged at once. */
  dueNow: number;
  next: { amount: number; at: string };
  currency: string;
  /** Unix seconds to confirm the change with, so that the charge is the one shown. */
  prorationDate: number;
};

export type BillingInvoice = {
  id: string;
  number: string | null;
  createdAt: string;
  total: number;
  currency: string;
  status: string;
  /** The invoice is open and its subscription is live, so its link leads to a payment. */
  payable: boolean;
  /** A link of this app that redirects to the invoice at the payment provider. */
  url: string;
};

export type BatchStatus = {
  now: string;
  sessions: Session[];
  quota: Quota;
  limits: Limits;
  start: Start;
  upgrade: Upgrade | null;
};

/** The shape of every paged list. */
export type Page<T> = { items: T[]; nextCursor: string | null };

/** Text that can be stored and shown: no control characters, bounded length. */
const text = (most: number) =>
  z
    .string()
    .max(most)
    .regex(/^\P{Cc}*$/u, 'must not contain control characters');

// Ids are opaque: an unknown one is simply not found.
const id = text(64).min(1);
const name = visibleName(80);
const reason = text(500).trim().min(1);
const cursor = text(200).optional();
const limit = z.number().int().min(1).max(100).optional();
const day = z.iso.date();
const idleStop = z.number().int().min(1).max(86_400);

export const inputs = {
  sessionCreate: z.strictObject({
    name,
    agent: z.enum(AGENTS).optional(),
    region: text(8).min(2).optional(),
    size: z.enum(SIZES).optional(),
    idleStopSeconds: idleStop.optional(),
  }),
  sessionStart: z.strictObject({ sessionId: id, idempotencyKey: text(128).min(1).optional() }),
  sessionId: z.strictObject({ sessionId: id }),
  sessionUpdate: z.strictObject({
    sessionId: id,
    name: name.optional(),
    idleStopSeconds: idleStop.nullable().optional(),
  }),
  sessionKeepAwake: z.strictObject({ sessionId: id, seconds: z.number().int().min(0).max(86_400) }),
  sessionRename: z.strictObject({ sessionId: id, name }),
  usageDays: z.strictObject({ from: day, to: day }),
  usageRuns: z.strictObject({ cursor, limit }).default({}),
  planId: z.strictObject({ planId: id }),
  upgradeLink: z.strictObject({ planId: id, from: text(300).optional() }),
  packLink: z.strictObject({ packId: id, from: text(300).optional() }),
  portalLink: z
    .strictObject({ from: text(300).optional(), about: z.enum(['card', 'details']).optional() })
    .optional(),
  billingInvoices: z.strictObject({ cursor, limit }).default({}),
  changePlan: z.strictObject({ planId: id, prorationDate: z.number().int().positive().optional() }),
  apiKeyRevoke: z.strictObject({ apiKeyId: id }),
  signInEnd: z.strictObject({ signInId: id }),
  supportWrite: z.strictObject({ message: z.string().trim().min(1).max(4_000), about: id.optional() }),
  accountId: z.strictObject({ accountId: id }),
  accountList: z.strictObject({ cursor, limit, search: text(200).optional() }).default({}),
  setPlan: z.strictObject({ accountId: id, planId: id, reason }),
  setStatus: z.strictObject({ accountId: id, status: z.enum(['active', 'blocked']), reason }),
  adjustUsage: z.strictObject({
    accountId: id,
    seconds: z.number().min(-31_622_400).max(31_622_400),
    reason,
  }),
  accountDelete: z.strictObject({ accountId: id, reason }),
  /** The email of the account's owner, typed to confirm the deletion. */
  ownAccountDelete: z.strictObject({ email: z.string().min(1).max(254) }),
  plan: z.strictObject({
    id: z.string().regex(/^[a-z][a-z0-9-]{0,31}$/),
    name,
    description: text(300),
    monthlySeconds: z.number().int().min(0).max(316_224_000).nullable(),
    onceSeconds: z.number().int().min(0).max(31_622_400).nullable(),
    maxSessions: z.number().int().min(0).max(100),
    idleStop: z.strictObject({
      minSeconds: z.number().int().min(60).max(86_400),
      maxSeconds: z.number().int().min(60).max(86_400),
      defaultSeconds: z.number().int().min(60).max(86_400),
    }),
    storageGb: z.number().int().min(1).max(500),
    sort: z.number().int().min(0).max(10_000),
    visible: z.boolean(),
  }),
  adminRuns: z.strictObject({ accountId: id.optional(), cursor, limit }).default({}),
  auditList: z.strictObject({ accountId: id.optional(), cursor }).default({}),
  nothing: z.strictObject({}).optional(),
} as const;
