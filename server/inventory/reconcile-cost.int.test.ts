import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ListServer, startListServer } from '@/bench/list-server';
import { writeManyRuns } from '@/bench/many-runs';
import { createWorld, type World } from '@/test/world';
import { openFly } from '../machine/fly';
import { reconcile } from './reconcile';

const [MACHINES, STRAYS, MISSING, PAGE] = [2_000, 5, 5, 100];
const PAGES = Math.ceil((MACHINES + STRAYS) / PAGE);
let world: World;
let list: ListServer;
const statements: string[] = [];
const startAt = Date.parse('2026-11-10T12:00:00Z');
beforeAll(async () => {
  world = await createWorld({ startAt, onStatement: (text) => statements.push(text) });
  await writeManyRuns(world.url, MACHINES);
  list = await startListServer({ machines: MACHINES, strays: STRAYS, pageMost: PAGE });
  const fly = { token: 'local', org: 'o', environmentId: 'dev', image: 'machine', log: world.ctx.log };
  world.ctx.machines = openFly({ apiUrl: list.url, ...fly });
});
afterAll(async () => {
  await world.ctx.machines.close();
  await world.close();
  await list.close();
});

async function pass() {
  statements.length = 0;
  const result = await reconcile(world.ctx);
  const count = (word: RegExp) => statements.filter((text) => word.test(text)).length;
  return { result, count, total: statements.length };
}

describe('comparing many machines with many runs', () => {
  it('MACHINE-31 takes one statement a page of machines, one a thousand runs, and a few for each that is wrong', async () => {
    const first = await pass();
    expect(first.result).toEqual({ machines: MACHINES + STRAYS, orphans: STRAYS, missing: 0 });
    expect(list.destroyed.size).toBe(STRAYS);
    expect(first.count(/from held left join run/)).toBe(PAGES);
    expect(first.count(/order by account_id, id limit/)).toBe(MACHINES / 1_000 + 1);
    expect(first.total).toBeLessThanOrEqual(PAGES + MACHINES / 1_000 + 1 + 10 + 3 * STRAYS);

    // Only some vanished machines are wrong from now on.
    for (let n = 1; n <= MISSING; n++) list.destroyed.add(`feed0${String(n).padStart(9, '0')}`);
    await world.advance(30_000);
    const second = await pass();
    expect(second.result).toEqual({ machines: MACHINES - MISSING, orphans: 0, missing: MISSING });
    expect(second.count(/from held left join run/)).toBe(PAGES);
  });
});
