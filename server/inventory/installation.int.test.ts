import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { SimMachine } from '@/test/simulation/provider';
import { Stage } from '@/test/simulation/stage';
import { COMMANDS } from '../../operator/commands';
import { parseEnv } from '../env';
import { newId } from '../ids';
import type { Machines } from '../machine/machines';
import { metrics } from '../metrics';
import { stopSession } from '../session/stop';
import { installationProblem } from './installation-problem';
import { reconcile } from './reconcile';
import { showInstallation } from './show-installation';

let stage: Stage;
beforeAll(async () => {
  stage = await Stage.open({ startAt: Date.parse('2026-11-10T12:00:00Z') });
});
afterAll(() => stage.world.close());

/** Returns a live machine in the app of a known account, of a run that these books do not contain. */
function unknown(like: SimMachine, installationId: string | null): SimMachine {
  const runId = newId();
  const machine = { ...like, id: `unknown-${runId}`, runId, installationId };
  const fresh = { createdAt: stage.now, endedAt: null, destroyed: false, events: [] };
  const shown = { startShownAt: 0, endShownAt: Number.POSITIVE_INFINITY };
  stage.provider.all.push(Object.assign(machine, fresh, shown));
  return machine;
}
async function running(planId = 'pro') {
  const accountId = await stage.account({ planId });
  const made = await stage.started(accountId);
  await stage.pass(9_000);
  await stage.call(made.runId, 0, 'running');
  return { accountId, ...made };
}
const alarms = async (kind: string) => {
  const { values } = await metrics.listingAlarms.get();
  return values.find(({ labels }) => labels.kind === kind)?.value ?? 0;
};
const said: { facts: Record<string, unknown>; text: string }[] = [];
const listening = () => ({
  ...stage.ctx,
  log: Object.assign(Object.create(stage.ctx.log), {
    error: (facts: Record<string, unknown>, text: string) => void said.push({ facts, text }),
  }),
});
beforeEach(async () => {
  said.length = 0;
  await stage.pass(61_000);
});

describe('machines of several installations under one ENVIRONMENT_ID', () => {
  it('MACHINE-95 every machine says which installation made it', async () => {
    const { id } = await showInstallation(stage.ctx);
    expect(id).toMatch(/^[0-9a-f-]{36}$/);
    const { machine } = await running();
    expect(machine.installationId).toBe(id);
  });

  it('MACHINE-95 MACHINE-96 another one’s are never touched, and it is named', async () => {
    const before = await alarms('other_installation');
    const { machine } = await running();
    const { id } = await showInstallation(stage.ctx);
    const [ours, theirs] = [unknown(machine, id), unknown(machine, 'theirs')];
    await stage.pass(61_000);
    await reconcile(listening());
    expect([ours.destroyed, theirs.destroyed, machine.destroyed]).toEqual([true, false, false]);
    expect(await alarms('other_installation')).toBe(before + 1);
    expect(said.find(({ facts }) => facts.kind === 'other_installation')).toMatchObject({
      facts: { installations: ['theirs'], machines: 1, apps: [machine.app] },
      text: expect.stringMatching(/another installation.*ENVIRONMENT_ID/),
    });
  });

  it('MACHINE-95 nor one whose list says otherwise than the machine: the second read decides', async () => {
    const { machine } = await running();
    const { id } = await showInstallation(stage.ctx);
    const theirs = unknown(machine, 'theirs');
    const list: Machines['list'] = async (cursor) => {
      const page = await stage.provider.list(cursor);
      if (!page.ok) return page;
      const items = page.value.items.map((one) => ({ ...one, installationId: id }));
      return { ok: true, value: { ...page.value, items } };
    };
    await stage.pass(61_000);
    const machines: Machines = Object.assign(Object.create(stage.provider), { list });
    expect((await reconcile({ ...stage.ctx, machines })).orphans).toBe(0);
    expect(theirs.destroyed).toBe(false);
  });

  it('MACHINE-95 one that names none is of an older build: it goes when its run has ended, and stays when nobody knows its run', async () => {
    const before = await alarms('unmarked');
    const { accountId, sessionId, machine } = await running();
    const nobodys = unknown(machine, null);
    await stopSession(stage.ctx, { accountId, sessionId });
    await stage.pass(20_000, 1_000);
    const again = Object.assign(unknown(machine, null), { runId: machine.runId });
    await stage.pass(61_000);
    await reconcile(stage.ctx);
    await stage.pass(61_000);
    await reconcile(stage.ctx);
    expect([again.destroyed, nobodys.destroyed]).toEqual([true, false]);
    expect(await alarms('unmarked')).toBeGreaterThan(before);
    stage.provider.end(nobodys);
  });

  it('MACHINE-95 an open run is not given the machine of another one', async () => {
    const { runId, machine } = await running();
    await stage.ctx.sql`update run set machine_id = null where id = ${runId}`;
    machine.installationId = 'theirs';
    await stage.pass(31_000);
    await reconcile(stage.ctx);
    expect(await stage.ctx.sql`select machine_id from run where id = ${runId}`).toEqual([
      { machine_id: null },
    ]);
  });
});

describe('a database that is started elsewhere', () => {
  const at = (ENVIRONMENT_ID: string, APP_URL: string, FLY_API_URL = 'https://api.machines.dev') => ({
    ...stage.ctx,
    env: parseEnv({
      ...{ DATABASE_URL: 'postgres://unused', REDIS_URL: 'redis://unused', AUTH_SECRET: 'x'.repeat(32) },
      ...{ ENVIRONMENT_ID, APP_URL, FLY_API_URL, FLY_API_TOKEN: 't', FLY_ORG: 'o', SESSION_IMAGE: 'i' },
    }),
  });
  const run = (name: string, ctx: ReturnType<typeof at>) => COMMANDS[name]?.run(ctx, { reason: 'a copy' });

  it('MACHINE-97 serves where it was started first, and refuses as a copy, until a person says what it is', async () => {
    const production = at('prod', 'https://hourglass.example');
    expect(await installationProblem(at('dev', 'http://localhost:3000', 'http://127.0.0.1:4280'))).toBeNull();
    expect(await installationProblem(production)).toBeNull();
    expect(await installationProblem(production)).toBeNull();
    const known = await showInstallation(stage.ctx);
    expect(known).toMatchObject({ environmentId: 'prod', appUrl: 'https://hourglass.example' });

    // The copy has all of production's settings except the address.
    const staging = at('prod', 'https://staging.example');
    expect(await installationProblem(staging)).toMatch(
      new RegExp(`${known.id}, which runs as ENVIRONMENT_ID=prod at https://hourglass.example.*renew.*move`),
    );
    await expect(run('installation renew', staging)).rejects.toMatchObject({ reason: 'INVALID_INPUT' });
    const named = at('staging', 'https://staging.example');
    expect(await installationProblem(named)).toMatch(/started as staging at https:\/\/staging.example/);
    expect((await run('installation renew', named))?.result).toMatchObject({
      environmentId: null,
      appUrl: null,
    });
    expect(await installationProblem(named)).toBeNull();
    const copy = await showInstallation(stage.ctx);
    expect(copy).toMatchObject({ environmentId: 'staging', appUrl: 'https://staging.example' });
    expect(copy.id).not.toBe(known.id);
    expect(await installationProblem(production)).toMatch(/runs as ENVIRONMENT_ID=staging/);
  });

  it('MACHINE-97 may move to another address and keep its id and its machines', async () => {
    const { id } = await showInstallation(stage.ctx);
    const moved = at('staging', 'https://new.example');
    expect(await installationProblem(moved)).toMatch(/new address/);
    await run('installation move', moved);
    expect(await installationProblem(moved)).toBeNull();
    expect((await run('installation show', moved))?.result).toMatchObject({
      id,
      appUrl: 'https://new.example',
    });
    expect(
      await stage.ctx.sql`select action, reason from audit where action like 'installation.%' order by at`,
    ).toEqual([
      { action: 'installation.renew', reason: 'a copy' },
      { action: 'installation.move', reason: 'a copy' },
    ]);
  });
});
