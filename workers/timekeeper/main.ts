import { Queue, Worker } from 'bullmq';
import { Redis } from 'ioredis';
import { settingsProblem } from '@/db/check-settings';
import { removeDeletedAccounts } from '@/server/account/remove-deleted';
import { reportFreeSeconds } from '@/server/account/report-free-seconds';
import { tellExpiringKeys } from '@/server/account/tell-expiring-keys';
import { forgetEvents } from '@/server/billing/sync/forget-events';
import { reconcileEvents } from '@/server/billing/sync/reconcile-events';
import { sweepBilling } from '@/server/billing/sync/sweep-accounts';
import { sweepForeign } from '@/server/billing/sync/sweep-foreign';
import { openContext } from '@/server/compose';
import { readEnv } from '@/server/env';
import { installationProblem } from '@/server/inventory/installation-problem';
import { reconcile } from '@/server/inventory/reconcile';
import { removeDeletedVolumes } from '@/server/inventory/remove-volumes';
import { type JobName, queueName, scheduleJobs } from '@/server/jobs';
import { deliverMail } from '@/server/mail/deliver-mail';
import { deliverNotes } from '@/server/mail/deliver-notes';
import { forgetEmails } from '@/server/mail/forget-emails';
import { openMail } from '@/server/mail/send';
import { checkLedgers, reportLedgers } from '@/server/quota/check-ledgers';
import { noteRestore } from '@/server/quota/note-restore';
import { refuseUnfit } from '@/server/refuse-unfit';
import { forgetSightings } from '@/server/run/forget-sightings';
import { Sweeper } from '@/server/run/sweep';
import { serveHealth } from '../health';
import { startLoop } from '../loop';

/** The timekeeper: a queue worker for punctuality and loops over PostgreSQL for certainty. Any number may run. */

const env = readEnv();
/** Sized for many leases that end at once: commits waiting for the disk at the same time share one flush. */
const DATABASE_CONNECTIONS = 24;
const { ctx, openConnections, close } = openContext(env, 'timekeeper', DATABASE_CONNECTIONS);
/**
 * Connections are opened ahead of a rush, because opening them all takes seconds and idle ones close after a minute.
 */
const OPEN_CONNECTIONS_MS = 20_000;

/** Pause between two passes that verify ledgers. */
const VERIFY_MS = 10_000;

/** Old emails and events are deleted once per day. */
const FORGET_MS = 86_400_000;
const HOUR_MS = 3_600_000;
/** Pause between two readings of the usage of free accounts. */
const FREE_MS = 600_000;

await refuseUnfit([() => settingsProblem(ctx.sql), () => installationProblem(ctx)], (why) => {
  ctx.log.fatal(why);
  process.exit(1);
});
const mail = openMail(env, ctx.log);
const connection = new Redis(env.REDIS_URL, { maxRetriesPerRequest: null });
connection.on('error', (error) => ctx.log.debug({ err: error }, 'Redis is away'));
const sweeper = new Sweeper(ctx);
const HANDLERS: Record<JobName, () => Promise<unknown>> = {
  'run.due': () => sweeper.pass(),
  'stripe.events': async () => {
    await sweepForeign(ctx);
    await reconcileEvents(ctx);
  },
  'stripe.sweep': () => sweepBilling(ctx),
};
const worker = new Worker(
  queueName(env.ENVIRONMENT_ID),
  async (job) => {
    const handle = HANDLERS[job.name as JobName];
    if (handle) await handle();
    else ctx.log.warn({ job: job.name }, 'unknown job: no code handles it any more');
  },
  // A job interrupted by a deploy is taken again; the nightly sweep survives several deploys.
  { connection, concurrency: 50, maxStalledCount: 10 },
);
const queue = new Queue(queueName(env.ENVIRONMENT_ID), {
  connection,
  defaultJobOptions: { removeOnComplete: true, removeOnFail: 100 },
});
queue.on('error', (error) => ctx.log.debug({ err: error }, 'queue error'));
worker.on('error', (error) => ctx.log.debug({ err: error }, 'queue error'));
worker.on('failed', (job, error) =>
  ctx.log.error({ err: error, job: job?.id }, 'job failed; the sweep repeats it'),
);

/** The position where the verification of ledgers continues. */
let verifiedTo = '';
const verifyBooks = async () => {
  verifiedTo = await checkLedgers(ctx, verifiedTo);
  await reportLedgers(ctx);
};

const loops = [
  startLoop('connections', OPEN_CONNECTIONS_MS, openConnections, ctx.log),
  startLoop('restore', env.RECONCILE_INTERVAL_SECONDS * 1000, () => noteRestore(ctx), ctx.log),
  startLoop('sweep', env.SWEEP_INTERVAL_MS, () => sweeper.pass(), ctx.log),
  startLoop('reconcile', env.RECONCILE_INTERVAL_SECONDS * 1000, () => reconcile(ctx), ctx.log),
  startLoop('removals', env.RECONCILE_INTERVAL_SECONDS * 1000, () => removeDeletedAccounts(ctx), ctx.log),
  startLoop(
    'forget',
    FORGET_MS,
    () => Promise.all([forgetEmails(ctx), forgetEvents(ctx), forgetSightings(ctx)]),
    ctx.log,
  ),
  startLoop('ledgers', VERIFY_MS, verifyBooks, ctx.log),
  startLoop('free', FREE_MS, () => reportFreeSeconds(ctx), ctx.log),
  startLoop('keys', HOUR_MS, () => tellExpiringKeys(ctx), ctx.log),
  startLoop('mail', 1_000, () => deliverMail(ctx, mail), ctx.log),
  startLoop('notes', 5_000, () => deliverNotes(ctx, mail), ctx.log),
  startLoop('schedules', 60_000, () => scheduleJobs(queue), ctx.log),
  startLoop('volumes', env.RECONCILE_INTERVAL_SECONDS * 1000, () => removeDeletedVolumes(ctx), ctx.log),
];
const health = await serveHealth(env.WORKER_PORT, ctx);
ctx.log.info({ port: health.port }, 'timekeeper ready');

/** Shorter than the ten seconds after which the platform kills a process. Unfinished work is left to other workers. */
const DRAIN_MS = 9_000;

let draining = false;
/** Finishes work in progress, takes no new work and closes every connection. */
async function drain(signal: string): Promise<void> {
  if (draining) return;
  draining = true;
  ctx.log.info({ signal }, 'draining');
  setTimeout(() => {
    ctx.log.warn('drain timed out; unfinished claims expire and other workers take them');
    process.exit(0);
  }, DRAIN_MS).unref();
  sweeper.close();
  await Promise.all([worker.close(), sweeper.idle(), ...loops.map((loop) => loop.stop())]);
  await queue.close().catch(() => {});
  await health.close();
  mail.close();
  connection.disconnect();
  await close();
  process.exit(0);
}
process.on('SIGTERM', () => void drain('SIGTERM'));
process.on('SIGINT', () => void drain('SIGINT'));
