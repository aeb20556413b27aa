import { Queue } from 'bullmq';
import { Redis } from 'ioredis';
import type { Instant } from './clock';
import type { Log } from './log';
import { LATE, withTimeout } from './with-timeout';

/** A job only wakes and carries nothing: PostgreSQL holds the truth. */
export type JobName =
  /** Checks what is due now: leases that end, boots that are late, stops that are not proven. */
  | 'run.due'
  /** Processes the events that the payment provider could not deliver. */
  | 'stripe.events'
  /** Takes over today's prices and reads every paying account anew. */
  | 'stripe.sweep';

export const QUEUE_NAME = 'timekeeper';

export type Jobs = {
  /** Wakes the timekeeper for a run at an instant. Never throws nor waits for Redis: a lost wake-up costs one sweep. */
  wakeRun(runId: string, at: Instant): Promise<void>;
  /** Throws when Redis does not answer. */
  ping(): Promise<unknown>;
  close(): Promise<void>;
};

/**
 * Wake-ups that wait at the same time. While no timekeeper takes them nothing else would end their number; whoever is
 * not woken is found by the sweep.
 */
const MOST_WAITING = 100_000;
const COUNT_EVERY = 100;

/** A delay must fit in a signed 32-bit timer; the sweep finds whatever is further away. */
const LONGEST_DELAY_MS = 7 * 24 * 3600 * 1000;

/** Wake-ups within the same tenth of a second are one. */
const MOMENT_MS = 100;

/** A renewal or a start waits this long for its wake-up to be queued, and not a moment longer. */
const TIMEOUT_MS = 250;

/** The producer side, for every door. It fails fast: a command is dropped, not queued, while Redis is away. */
export function openJobs(redisUrl: string, now: () => Instant, log: Log, most = MOST_WAITING): Jobs {
  const connection = new Redis(redisUrl, {
    enableOfflineQueue: false,
    maxRetriesPerRequest: 1,
    lazyConnect: false,
    commandTimeout: 2_000,
  });
  connection.on('error', (error) => log.debug({ err: error }, 'Redis is away'));
  const queue = new Queue(QUEUE_NAME, {
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
      // The queue itself would wait until Redis comes, however long that takes.
      if (connection.status !== 'ready')
        return log.debug({ runId }, 'Redis is away; the sweep will find the run');
      const wakeAt = Math.min(Math.max(now(), at), now() + LONGEST_DELAY_MS);
      // One wake-up serves all runs of its moment: however many renew, there are no more jobs than moments in a lease.
      const moment = Math.ceil(wakeAt / MOMENT_MS);
      const enqueue = async () => {
        // The delay counts from the moment it is sent, whatever was waited for before.
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

/** When the repeated jobs run. Setting them again changes nothing, so every worker does it, again and again. */
const SCHEDULES = [
  { name: 'stripe.events', repeat: { every: 60_000 }, opts: {} },
  {
    name: 'stripe.sweep',
    repeat: { pattern: '17 3 * * *', tz: 'UTC' },
    // A provider that is away at that hour is asked again for most of the night.
    opts: { attempts: 7, backoff: { type: 'exponential', delay: 120_000 } },
  },
] as const satisfies { name: JobName; repeat: object; opts: object }[];

/** Sets the repeated jobs; a Redis that lost them has them again within a minute. Throws when Redis is away. */
export async function scheduleJobs(queue: Pick<Queue, 'upsertJobScheduler'>): Promise<void> {
  for (const { name, repeat, opts } of SCHEDULES)
    await queue.upsertJobScheduler(name, repeat, { name, data: {}, opts });
}
