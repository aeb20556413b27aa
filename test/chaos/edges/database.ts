import { refusalOf } from '@/client';
import { sleep } from '@/scripts/services/processes';
import { asOwner } from '../../world';
import { insist } from '../insist';
import type { Person } from '../people';
import { type Edge, type EdgeScene, isUndisturbed } from './edges';

/** After this time a silent connection has been closed, and the next one serves, in ms. */
const SILENT_MS = 15_000;
const ASK_EVERY_MS = 200;
/** Longer than any account pauses between two calls, so that all have seen a later clock, in ms. */
const BACK_MS = 600_000;
const IN_FLIGHT_MS = 1_000;

/** Returns a user whose account exists. */
const somebody = ({ crowd, chance }: EdgeScene): Person | undefined => {
  const present = crowd.people.filter(({ gone, sessions }) => !gone && sessions.length > 0);
  return present.length > 0 ? chance.pick(present) : undefined;
};

/** Silences every open connection; new ones are served. */
export const connectionsSilent: Edge = {
  name: 'connections silent',
  how: 'calm',
  strike: async (scene) => {
    const { setting, edges } = scene;
    const person = somebody(scene);
    const end = setting.spans.begin('silent');
    setting.door.silence();
    const from = Date.now();
    const waits = (person?.apis ?? []).map(async (api) => {
      while (Date.now() - from < 2 * SILENT_MS) {
        const right = await api.quota.get.query().then(
          () => true,
          (error) => person?.gone === true || refusalOf(error)?.reason === 'NOT_FOUND',
        );
        if (right) break;
        await sleep(ASK_EVERY_MS);
      }
      return Date.now() - from;
    });
    const worst = Math.max(...(await Promise.all(waits)), 0);
    if (isUndisturbed(scene, from, from + worst)) edges.saw('silentMs', worst);
    await sleep(Math.max(0, SILENT_MS - (Date.now() - from)));
    end();
  },
};

type Held = { id: string; lease_until: number; started_at: number | null; ended_at: number | null };
const readHeld = ({ setting }: EdgeScene) =>
  insist(
    async () => [...(await setting.sql<Held[]>`select id, lease_until, started_at, ended_at from run`)],
    30_000,
  );

/** Sets PostgreSQL's clock back by ten minutes, and then forward again. Every account has seen later times. */
export const clockSetBack: Edge = {
  name: 'clock set back',
  how: 'calm',
  strike: async (scene) => {
    const { setting, edges, crowd, chance } = scene;
    const set = (ms: number) =>
      insist(() => asOwner(setting.databaseUrl, (owner) => owner`update chaos_clock set ms = ${ms}`), 90_000);
    await crowd.withoutBirths(async () => {
      await insist(() => setting.sql`update account set clock_at = greatest(clock_at, hg_clock())`, 90_000);
      const end = setting.spans.begin('clock');
      try {
        await set(setting.shiftMs - BACK_MS);
        await sleep(IN_FLIGHT_MS);
        const before = new Map((await readHeld(scene)).map((run) => [run.id, run]));
        await sleep(chance.between(2_500, 4_000));
        for (const run of await readHeld(scene)) {
          const known = before.get(run.id);
          // The first proof of a start uses what was granted before; it is not a grant.
          const granted = !known || (known.started_at !== null && run.lease_until > known.lease_until);
          edges.saw('behindGrants', granted ? 1 : 0, `run ${run.id}`);
        }
      } finally {
        await set(setting.shiftMs);
        end();
      }
    });
  },
};

/** Makes PostgreSQL read-only, as after a failover to a standby that is not promoted yet. */
export const readOnlyFailover: Edge = {
  name: 'read-only failover',
  how: 'calm',
  strike: async (scene) => {
    const { setting, chance } = scene;
    const set = (how: string) =>
      insist(
        () =>
          asOwner(setting.databaseUrl, async (owner) => {
            await owner.unsafe(`alter system ${how}`);
            await owner`select pg_reload_conf()`;
          }),
        90_000,
      );
    const end = setting.spans.begin('postgres');
    try {
      await set('set default_transaction_read_only = on');
      const until = Date.now() + chance.between(3_000, 5_000);
      while (Date.now() < until) {
        await askWhileReadOnly(scene);
        await sleep(ASK_EVERY_MS);
      }
    } finally {
      await set('reset default_transaction_read_only');
      end();
    }
  },
};

/**
 * Starts a session through each web process; it must be refused promptly, because of the database or for another
 * reason.
 */
async function askWhileReadOnly(scene: EdgeScene): Promise<void> {
  const person = somebody(scene);
  await Promise.all(
    (person?.apis ?? []).map(async (api) => {
      const from = Date.now();
      const sessionId = person?.sessions[0] ?? '';
      const failure = await api.session.start.mutate({ sessionId }).then(
        () => null,
        (error: unknown) => error,
      );
      const ms = Date.now() - from;
      if (!isUndisturbed(scene, from, from + ms, ['postgres'])) return;
      const { httpStatus } = (failure as { data?: { httpStatus?: number } } | null)?.data ?? {};
      const wrong = httpStatus !== undefined && httpStatus >= 500 && refusalOf(failure) === null;
      scene.edges.saw('readOnlyAnswers', wrong ? 1 : 0, `answered ${httpStatus}: ${failure}`);
      scene.edges.saw('readOnlyMs', ms);
    }),
  );
}

/** Keeps a transaction open, so that dead rows cannot be vacuumed. */
export const openSnapshot: Edge = {
  name: 'open snapshot',
  how: 'beside',
  strike: async (scene) => {
    const { setting, chance, brief } = scene;
    const until = Date.now() + (brief ? 8_000 : chance.between(25_000, 45_000));
    await asOwner(setting.databaseUrl, (owner) =>
      owner.begin('isolation level repeatable read', async (tx) => {
        await tx`select count(*) from run`;
        while (Date.now() < until) {
          await lookForDue(scene);
          await sleep(500);
        }
      }),
    ).catch(() => {});
  },
};

/** The query that begins every pass of the timekeeper. */
async function lookForDue(scene: EdgeScene): Promise<void> {
  const from = Date.now();
  await scene.setting.sql`
    select id from run where due_at between '-infinity' and (select hg_clock()) order by due_at limit 256`;
  const ms = Date.now() - from;
  if (isUndisturbed(scene, from - 1_000, from + ms)) scene.edges.saw('snapshotMs', ms);
}
