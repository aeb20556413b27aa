import { Queue } from 'bullmq';
import { Redis } from 'ioredis';
import type { Instant } from './clock';
import type { Log } from './log';
import { LATE, withTimeout } from './with-timeout';

/** A job only wakes a worker and carries no data: PostgreSQL holds the state. */
export type JobName =
  /** Checks runs that are due: leases that end, late boots, stops without proof. */
  | 'run.due'
  /** Lists and processes events that the payment provider could not deliver. */
  | 'stripe.events'
  /** Refreshes prices and reads every paying account from the payment provider. */
  | 'stripe.sweep';

/** Returns the name of the queue of an environment, because several environments may share one Redis. */
export const queueName = (environmentId: string): string => `timekeeper-${environmentId}`;

export type Jobs = {
  /**
   * Wakes the timekeeper for a run at an instant. Never throws and never waits for Redis: the sweep finds runs whose
   * wake-up was lost.
   */
  wakeRun(runId: string, at: Instant): Promise<void>;
  /** Throws when Redis does not answer. */
  ping(): Promise<unknown>;
  close(): Promise<void>;
};

/**
 * Most wake-ups that may be queued. Without a running timekeeper their number would grow without bound; the sweep finds
 * the runs of those that are dropped.
 */
const MAX_WAITING = 100_000;
const COUNT_EVERY = 100;

/** A delay must fit in a signed 32-bit timer; the sweep finds runs that are further away. */
const MAX_DELAY_MS = 7 * 24 * 3600 * 1000;

/** Wake-ups within the same tenth of a second share one job. */
const MOMENT_MS = 100;

/** How long a renewal or a start waits for its wake-up to be queued, at most. */
const TIMEOUT_MS = 250;

/** Opens the producer side of the queue. Fails fast: while Redis is away a command is dropped, not queued. */
export function openJobs(
  { url, environmentId }: { url: string; environmentId: string },
  now: () => Instant,
  log: Log,
  most = MAX_WAITING,
): Jobs {
  const connection = new Redis(url, {
    enableOfflineQueue: false,
    maxRetriesPerRequest: 1,
    lazyConnect: false,
    commandTimeout: 2_000,
  });
  connection.on('error', (error) => log.debug({ err: error }, 'Redis is away'));
  const queue = new Queue(queueName(environmentId), {
    connection,
    defaultJobOptions: { removeOnComplete: true, removeOnFail: 100, attempts: 1 },
  });
  queue.on('error', (error) => log.debug({ err: error }, 'queue error'));
  let added = 0;
  let full = false;
  const hasRoom = async () => {
    if (added++ % COUNT_EVERY === 0) full = (await queue.getJobCountByTypes('wait', 'delayed')) >= most;
    return !full;
  };
  return {
    async wakeRun(runId, at) {
      // The queue itself would wait until Redis is back.
      if (connection.status !== 'ready')
        return log.debug({ runId }, 'Redis is away; the sweep will find the run');
      const wakeAt = Math.min(Math.max(now(), at), now() + MAX_DELAY_MS);
      // One job serves all runs of its moment, so a lease never has more jobs than moments.
      const moment = Math.ceil(wakeAt / MOMENT_MS);
      const enqueue = async () => {
        // The delay counts from when the command is sent, not from when the wait began.
        const later = () => ({ delay: Math.max(0, moment * MOMENT_MS - now()), jobId: `due-${moment}` });
        if (await hasRoom()) await queue.add('run.due' satisfies JobName, {}, later());
        else log.warn({ runId }, 'too many wake-ups wait already; the sweep will find the run');
      };
      const queued = await withTimeout(enqueue(), TIMEOUT_MS).catch((error) =>
        log.warn({ runId, err: error }, 'wake-up not queued; the sweep will find the run'),
      );
      if (queued === LATE) log.warn({ runId }, 'Redis does not answer; the sweep will find the run');
    },
    ping: () => connection.ping(),
    async close() {
      await queue.close().catch(() => {});
      connection.disconnect();
    },
  };
}

/** The schedules of the repeated jobs. Setting them is idempotent, so every worker does it periodically. */
const SCHEDULES = [
  { name: 'stripe.events', repeat: { every: 60_000 }, opts: {} },
  {
    name: 'stripe.sweep',
    repeat: { pattern: '17 3 * * *', tz: 'UTC' },
    // The retries span most of the night, for a provider that is away at that hour.
    opts: { attempts: 7, backoff: { type: 'exponential', delay: 120_000 } },
  },
] as const satisfies { name: JobName; repeat: object; opts: object }[];

/**
 * Sets the repeated jobs. Throws while Redis is away. Workers repeat this, so a Redis that lost the jobs has them again
 * within a minute.
 */
export async function scheduleJobs(queue: Pick<Queue, 'upsertJobScheduler'>): Promise<void> {
  for (const { name, repeat, opts } of SCHEDULES)
    await queue.upsertJobScheduler(name, repeat, { name, data: {}, opts });
}
