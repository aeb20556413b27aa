import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { SimMachine } from '@/test/simulation/provider';
import { Stage } from '@/test/simulation/stage';
import { newId } from '../ids';
import { appNameOf, type ListPage, type Machine, type Machines, type Outcome } from '../machine/machines';
import { metrics } from '../metrics';
import { answerAgent } from '../run/answer-agent';
import { createSession } from '../session/create';
import { startSession } from '../session/start';
import { claimPass } from './listing';
import { reconcile } from './reconcile';
import { PARKED_AFTER } from './removals';
import { reportParked } from './report-parked';
import { showInstallation } from './show-installation';

let stage: Stage;
/** The app of an account in our books. */
let app: string;
let installationId: string;
beforeAll(async () => {
  stage = await Stage.open({ startAt: Date.parse('2026-11-10T12:00:00Z') });
  app = appNameOf('dev', await stage.account());
  ({ id: installationId } = await showInstallation(stage.ctx));
});
afterAll(() => stage.world.close());
beforeEach(async () => {
  for (const machine of stage.provider.all) stage.provider.end(machine);
  stage.provider.all.length = 0;
  // Two reads, apart, end what the previous test left open.
  for (let look = 0; look < 2; look++) {
    await stage.pass(61_000);
    await reconcile(stage.ctx);
  }
  await stage.ctx.sql`delete from removal`;
  await stage.ctx.sql`delete from listing`;
});

type List = Machines['list'];
const ctxWith = (machines: Partial<Machines>) => ({
  ...stage.ctx,
  machines: Object.assign(Object.create(stage.provider), machines) as Machines,
});
/** Returns the true list with a change to each page. */
const listed = (change: (page: ListPage<Machine>) => Partial<ListPage<Machine>>) =>
  ctxWith({
    list: async (cursor): Promise<Outcome<ListPage<Machine>>> => {
      const page = await stage.provider.list(cursor);
      return page.ok ? { ok: true, value: { ...page.value, ...change(page.value) } } : page;
    },
  });
const alarms = async (kind: string) => {
  const { values } = await metrics.listingAlarms.get();
  return values.find(({ labels }) => labels.kind === kind)?.value ?? 0;
};
/** A machine that no open run has. */
function stray(over: Partial<SimMachine> = {}): SimMachine {
  const runId = newId();
  const machine: SimMachine = {
    ...{ id: `stray-${runId}`, app, installationId, runId, sessionId: newId(), env: {}, kind: 'silent' },
    ...{ mood: 'rests', typedAt: null },
    ...{ createdAt: stage.now, startedAt: stage.now, endedAt: null, destroyed: false, events: [] },
    ...{
      startShownAt: over.startedAt === null ? Number.POSITIVE_INFINITY : 0,
      endShownAt: Number.POSITIVE_INFINITY,
    },
    ...over,
  };
  stage.provider.all.push(machine);
  return machine;
}
async function running(): Promise<{ runId: string; machine: SimMachine }> {
  const { runId, machine } = await stage.started(await stage.account({ planId: 'pro' }));
  await stage.pass(9_000);
  await stage.call(runId, 0, 'running');
  return { runId, machine };
}

describe('a machine without an open run', () => {
  it('SESSION-14 is destroyed once it is old enough: a booting one not before its boot may have failed', async () => {
    const young = stray();
    await reconcile(stage.ctx);
    expect(young.destroyed).toBe(false);
    const booting = stray({ startedAt: null });
    await stage.pass(60_000);
    await reconcile(stage.ctx);
    expect([young.destroyed, booting.destroyed]).toEqual([true, false]);
    await stage.pass(119_000);
    await reconcile(stage.ctx);
    expect(booting.destroyed).toBe(false);
    await stage.pass(31_000);
    await reconcile(stage.ctx);
    expect(booting.destroyed).toBe(true);
  });

  it('SESSION-14 goes soon when its run is known to have ended, however young it is', async () => {
    const { runId, machine } = await running();
    await stage.call(runId, 1, 'stopped');
    stage.provider.end(machine);
    await stage.pass(1_000, 500);
    expect((await stage.run(runId)).status).toBe('stopped');
    const again = stray({ runId, app: machine.app });
    await reconcile(stage.ctx);
    expect(again.destroyed).toBe(false);
    await stage.pass(31_000);
    await reconcile(stage.ctx);
    expect(again.destroyed).toBe(true);
  });

  it('SESSION-14 goes also when it pretends to be the machine of a run that has another one', async () => {
    const { runId, machine } = await running();
    const second = stray({ runId, app: machine.app });
    await stage.pass(61_000);
    await stage.call(runId, 1, 'renew');
    expect(await reconcile(stage.ctx)).toMatchObject({ machines: 2, orphans: 1, missing: 0 });
    expect([second.destroyed, machine.destroyed]).toEqual([true, false]);
  });

  it('SESSION-14 of another environment, or without one, is never touched, whatever the list says', async () => {
    const foreign = stray();
    await stage.pass(61_000);
    const hide = (environmentId: string | null) => (page: ListPage<Machine>) => ({
      items: page.items.map((machine) => ({ ...machine, environmentId })),
    });
    await reconcile(listed(hide('dev-2')));
    await stage.pass(30_000);
    await reconcile(listed(hide(null)));
    await stage.pass(30_000);
    // The list calls it ours and the machine itself does not: the second read decides.
    const get: Machines['get'] = async (app, id) => {
      const read = await stage.provider.get(app, id);
      return read.ok && read.value ? { ok: true, value: { ...read.value, environmentId: 'dev-2' } } : read;
    };
    expect((await reconcile(ctxWith({ get }))).orphans).toBe(0);
    expect(foreign.destroyed).toBe(false);
  });

  it('SESSION-14 is destroyed also when the list leaves out other regions: what is shown is there', async () => {
    const machine = stray();
    await stage.pass(61_000);
    await reconcile(listed(() => ({ complete: false })));
    expect(machine.destroyed).toBe(true);
  });

  it('MACHINE-41 in the app of an account that nobody knows here is left alone, and a person is told', async () => {
    const before = await alarms('foreign');
    const foreign = stray({ app: appNameOf('dev', newId()) });
    const ours = stray();
    await stage.pass(61_000);
    await reconcile(stage.ctx);
    expect([foreign.destroyed, ours.destroyed]).toEqual([false, true]);
    expect(await alarms('foreign')).toBe(before + 1);
    // Nor by a removal that was recorded while the account was known.
    await stage.ctx.sql`
      insert into removal (kind, id, app, due_at) values ('machine', ${foreign.id}, ${foreign.app}, hg_clock())`;
    await stage.pass(30_000);
    await reconcile(stage.ctx);
    expect(foreign.destroyed).toBe(false);
    expect(await stage.ctx.sql`select 1 from removal where id = ${foreign.id}`).toHaveLength(0);
  });

  it('MACHINE-41 is left alone when many are unknown at once: those are the wrong books; known ends go all the same', async () => {
    const before = await alarms('crowded');
    const { runId, machine } = await running();
    await stage.call(runId, 1, 'stopped');
    await stage.pass(1_000, 500);
    const again = stray({ runId, app: machine.app });
    const many = Array.from({ length: 21 }, () => stray());
    await stage.pass(61_000);
    // Also when the list comes in pages of which none is crowded alone.
    stage.provider.pageSize = 5;
    await reconcile(stage.ctx);
    await stage.pass(30_000);
    await reconcile(stage.ctx);
    expect(many.filter(({ destroyed }) => destroyed)).toEqual([]);
    expect(again.destroyed).toBe(true);
    expect(await alarms('crowded')).toBe(before + 2);
    // Fewer remain after some ended by themselves, and the rest are removed like any leak.
    stage.provider.end(many[0] as SimMachine);
    await stage.pass(30_000);
    await reconcile(stage.ctx);
    stage.provider.pageSize = 1_000;
    expect(many.filter(({ destroyed }) => !destroyed)).toEqual([]);
  });

  it('SESSION-23 that cannot be destroyed is tried less and less, parked for a person, remembered, and let go on success', async () => {
    const machine = stray();
    await stage.pass(61_000);
    let tries = 0;
    const destroy: Machines['destroy'] = async () => {
      tries += 1;
      return { ok: false, failure: { kind: 'unavailable', message: 'host is away' } };
    };
    for (let pass = 0; pass < 20; pass++) {
      await reconcile(ctxWith({ destroy }));
      await stage.pass(30_000);
    }
    expect(tries).toBe(PARKED_AFTER);
    expect((await reportParked(stage.ctx)).machine).toBe(1);
    expect((await metrics.parked.get()).values).toContainEqual({ labels: { kind: 'machine' }, value: 1 });
    const [row] = await stage.ctx.sql`select attempts, error from removal where id = ${machine.id}`;
    expect(row).toEqual({ attempts: PARKED_AFTER, error: 'host is away' });
    for (let pass = 0; pass < 12; pass++) {
      await reconcile(ctxWith({ destroy }));
      await stage.pass(600_000);
    }
    expect(tries).toBeLessThanOrEqual(PARKED_AFTER + 2);
    // Now it can be destroyed, and is proven gone one pass later.
    for (let pass = 0; pass < 3; pass++) {
      await stage.pass(3_600_000);
      await reconcile(stage.ctx);
    }
    expect(machine.destroyed).toBe(true);
    expect(await stage.ctx.sql`select 1 from removal`).toHaveLength(0);
  });
});

describe('a run whose machine nobody wrote down', () => {
  /** Returns a machine whose web process died right after the create, while the list lagged at its first call. */
  async function unnoted() {
    const accountId = await stage.account({ planId: 'pro' });
    const { id: sessionId } = await createSession(stage.ctx, { accountId, name: 'unnoted' });
    const launch: Machines['launch'] = async (...args) => {
      await stage.provider.launch(...args);
      throw new Error('killed');
    };
    await startSession(ctxWith({ launch }), { accountId, sessionId }).catch(() => {});
    const machine = stage.provider.all.at(-1) as SimMachine;
    await stage.pass(3_000);
    const findByRun: Machines['findByRun'] = async () => ({ ok: true, value: null });
    const call = { bootId: 'boot', seq: 0, event: 'running' } as const;
    await answerAgent(ctxWith({ findByRun }), machine.runId, call);
    const noted = async () =>
      (await stage.ctx.sql`select status, machine_id from run where id = ${machine.runId}`)[0];
    expect(await noted()).toEqual({ status: 'running', machine_id: null });
    return { machine, noted };
  }

  it('MACHINE-43 has it after one look at the list', async () => {
    const { machine, noted } = await unnoted();
    await reconcile(stage.ctx);
    expect(await noted()).toEqual({ status: 'running', machine_id: machine.id });
  });

  it('MACHINE-43 has it after its next call, also when no worker reads the list', async () => {
    const { machine, noted } = await unnoted();
    await stage.pass(1_000);
    await stage.call(machine.runId, 1, 'renew');
    expect(await noted()).toEqual({ status: 'running', machine_id: machine.id });
  });

  it('MACHINE-43 is given none of two, nor one that lies in the app of somebody else', async () => {
    const { machine, noted } = await unnoted();
    const own = machine.app;
    machine.app = app;
    await reconcile(stage.ctx);
    expect(await noted()).toMatchObject({ machine_id: null });
    machine.app = own;
    const second = stray({ runId: machine.runId, app: own });
    await stage.pass(30_000);
    await reconcile(stage.ctx);
    expect(await noted()).toMatchObject({ machine_id: null });
    stage.provider.end(second);
    await stage.pass(30_000);
    await reconcile(stage.ctx);
    expect(await noted()).toMatchObject({ machine_id: machine.id });
  });
});

describe('an open run that the list does not show', () => {
  const vanish = ({ machine }: { machine: SimMachine }) =>
    stage.provider.all.splice(stage.provider.all.indexOf(machine), 1);
  const pages: [string, () => ReturnType<typeof listed>][] = [
    ['that left out a region', () => listed(() => ({ complete: false }))],
    ['whose cursors lead nowhere', () => listed(() => ({ nextCursor: 'again' }))],
    [
      'that could not be read',
      () => ctxWith({ list: async () => ({ ok: false, failure: { kind: 'unavailable', message: '503' } }) }),
    ],
  ];
  it.each(pages)('SESSION-14 nothing is missing from a list %s', async (_, ctx) => {
    const run = await running();
    await stage.pass(61_000);
    vanish(run);
    expect(await reconcile(ctx())).toMatchObject({ missing: 0 });
    await stage.pass(30_000);
    expect(await reconcile(stage.ctx)).toMatchObject({ missing: 1 });
  });

  it('SESSION-14 is looked at twice, apart, and not concluded from an empty list while its machine lives', async () => {
    const { runId, machine } = await running();
    await stage.pass(61_000);
    const empty = () => listed(() => ({ items: [] }));
    for (let pass = 0; pass < 3; pass++) {
      expect(await reconcile(empty())).toMatchObject({ machines: 0, missing: 1 });
      await stage.pass(30_000);
    }
    expect((await stage.run(runId)).status).toBe('running');
    vanish({ machine });
    await reconcile(stage.ctx);
    expect((await stage.run(runId)).status).toBe('running');
    await stage.pass(30_000);
    await reconcile(stage.ctx);
    expect(await stage.run(runId)).toMatchObject({ status: 'stopped', end_reason: 'provider' });
  });

  it('MACHINE-29 a list that lost most of its machines alarms, and is believed only when the next one agrees', async () => {
    const runs = [await running()];
    for (let i = 0; i < 30; i++) stray({ runId: runs[0]?.runId ?? '', id: runs[0]?.machine.id ?? '' });
    await stage.pass(61_000);
    expect(await reconcile(stage.ctx)).toMatchObject({ machines: 31, missing: 0 });
    const before = await alarms('shrunk');
    stage.provider.all.length = 0;
    await stage.pass(30_000);
    expect(await reconcile(stage.ctx)).toMatchObject({ machines: 0, missing: 0 });
    expect(await alarms('shrunk')).toBe(before + 1);
    await stage.pass(30_000);
    expect(await reconcile(stage.ctx)).toMatchObject({ machines: 0, missing: 1 });
    expect(await alarms('shrunk')).toBe(before + 1);
  });
});

describe('several workers', () => {
  const counting = () => {
    const asked: string[] = [];
    const list: List = (cursor) => {
      asked.push(cursor ?? 'first');
      return stage.provider.list(cursor);
    };
    return { asked, ctx: ctxWith({ list }) };
  };

  it('SESSION-24 read the list once, and destroy nothing twice', async () => {
    for (let i = 0; i < 20; i++) stray();
    await stage.pass(61_000);
    const destroyed: string[] = [];
    const { asked, ctx } = counting();
    ctx.machines.destroy = (app, id) => {
      destroyed.push(id);
      return stage.provider.destroy(app, id);
    };
    await Promise.all(Array.from({ length: 4 }, () => reconcile(ctx)));
    expect(asked).toEqual(['first']);
    await reconcile(ctx);
    expect(destroyed).toHaveLength(20);
    expect(new Set(destroyed).size).toBe(20);
  });

  it('SESSION-24 one that died with the list in its hand is replaced; one that was too slow concludes nothing', async () => {
    const { asked, ctx } = counting();
    expect(await claimPass(stage.ctx, 'machines', 30_000)).not.toBeNull();
    await stage.pass(30_000);
    await reconcile(ctx);
    expect(asked).toEqual([]);
    await stage.pass(31_000);
    await reconcile(ctx);
    expect(asked).toEqual(['first']);

    const { runId } = await running();
    await stage.pass(120_000);
    await stage.call(runId, 1, 'renew');
    // Its answer arrives after another worker's pass, and shows nothing.
    const slow: List = async () => {
      await stage.pass(61_000);
      expect((await reconcile(stage.ctx)).machines).toBe(1);
      return { ok: true, value: { items: [], nextCursor: null, complete: true } };
    };
    expect(await reconcile(ctxWith({ list: slow }))).toMatchObject({ machines: 0, missing: 0 });
  });
});
