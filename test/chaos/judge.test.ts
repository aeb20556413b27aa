import { describe, expect, it, vi } from 'vitest';
import { Bounds } from './bounds';
import type { Touch } from './faults';
import { Disks, sickOf } from './heal';
import { type Facts, judge } from './judge';
import { commonOf, Spans, unionOf } from './spans';
import type { Books, RunRow, TruthMachine } from './truth';

const T = Date.parse('2026-11-24T12:00:00Z');

const run = (id: string, change: Partial<RunRow> = {}): RunRow => ({
  id,
  account_id: 'a',
  session_id: 's',
  machine_id: `m-${id}`,
  status: 'stopped',
  admitted_at: T,
  started_at: T + 1_000,
  proof_at: T + 1_000,
  lease_until: T + 16_000,
  ended_at: T + 11_000,
  end_reason: 'user',
  overrun_ms: 0,
  charged_ms: 10_000,
  next_month_ms: 0,
  ...change,
});

const machine = (
  runId: string,
  from = T + 1_000,
  to: number | null = T + 11_000,
  id = `m-${runId}`,
): TruthMachine => ({
  id,
  app: 'hg-dev-a',
  state: to === null ? 'started' : 'destroyed',
  region: 'iad',
  metadata: { hourglass_run: runId },
  createdAt: from,
  pid: null,
  intervals: [{ startedAt: from, stoppedAt: to }],
});

function facts(
  runs: RunRow[],
  machines: TruthMachine[],
  change: Partial<Facts> = {},
  quotaMs = 60_000,
): Facts {
  vi.useFakeTimers({ now: T - 60_000 });
  const bounds = new Bounds();
  bounds.planChanges('free', { quotaMs, slots: 1 })();
  bounds.ownPlanChanges('a', 'free')();
  vi.useRealTimers();
  return {
    runs,
    machines,
    rogues: new Set(),
    frail: new Set(),
    bounds,
    spans: new Spans(),
    touched: new Map(),
    rules: { minStartMs: 3_000, leaseMaxMs: 15_000, guardMs: 1_000 },
    edgeAt: Date.parse('2026-12-01T00:00:00Z'),
    ...change,
  };
}

describe('the judge of a run under faults', () => {
  it('finds nothing when the database and the provider agree', () => {
    expect(judge(facts([run('1')], [machine('1')]))).toMatchObject({
      truthMs: 10_000,
      chargedMs: 10_000,
      largestDifferenceMs: 0,
      largestExcessMs: 0,
      honestOverrunMs: 0,
      overQuota: [],
      overSlots: [],
      twoMachines: [],
      lost: [],
    });
  });

  it('detects overcharged and undercharged time', () => {
    const verdict = judge(facts([run('1', { charged_ms: 9_300 })], [machine('1')]));
    expect(verdict.largestDifferenceMs).toBe(700);
    expect(judge(facts([run('2', { charged_ms: 10_900 })], [machine('2')])).largestDifferenceMs).toBe(900);
  });

  it('compares the part charged to the next month with what ran in it', () => {
    const edge = { edgeAt: T + 4_000 };
    const right = run('1', { next_month_ms: 7_000 });
    const wrong = run('2', { next_month_ms: 6_000 });
    expect(judge(facts([right], [machine('1')], edge))).toMatchObject({ acrossMonths: 1, largestMonthMs: 0 });
    expect(judge(facts([wrong], [machine('2')], edge)).largestMonthMs).toBe(1_000);
    expect(judge(facts([run('3')], [machine('3')]))).toMatchObject({ acrossMonths: 0, largestMonthMs: 0 });
  });

  it('distinguishes a delayed last call from an unexplained charge', () => {
    const touched = new Map([['m-1', 'lost' as const]]);
    const waited = run('1', { proof_at: T + 12_000, charged_ms: 11_000 });
    expect(judge(facts([waited], [machine('1')], { touched }))).toMatchObject({
      largestExcessMs: 0,
      longestWaitMs: 1_000,
    });
    const wrong = run('1', { proof_at: T + 10_500, charged_ms: 11_000 });
    expect(judge(facts([wrong], [machine('1')], { touched }))).toMatchObject({
      largestExcessMs: 1_000,
      longestWaitMs: 0,
    });
  });

  it('excuses a late start only while the provider was unavailable, and never an overcharge', () => {
    const spans = new Spans();
    spans.add('provider', T, T + 3_000);
    const late = run('1', { started_at: T + 3_000, charged_ms: 8_000 });
    expect(judge(facts([late], [machine('1')])).largestDifferenceMs).toBe(2_000);
    expect(judge(facts([late], [machine('1')], { spans }))).toMatchObject({
      largestDifferenceMs: 0,
      unproven: 1,
    });
    const greedy = run('1', { started_at: T + 3_000, charged_ms: 12_000 });
    expect(judge(facts([greedy], [machine('1')], { spans })).largestExcessMs).toBe(2_000);
  });

  it('detects machine time past a lease, by kind of machine', () => {
    const over = [machine('1', T + 1_000, T + 18_000)];
    const charged = run('1', { charged_ms: 15_000 });
    expect(judge(facts([charged], over))).toMatchObject({ honestOverrunMs: 2_000, largestDifferenceMs: 0 });
    const spans = new Spans();
    spans.add('postgres', T + 15_500, T + 17_500);
    const rogues = new Set(['a']);
    expect(judge(facts([charged], over, { rogues, spans }))).toMatchObject({
      honestOverrunMs: 0,
      rogueOverrunMs: 2_000,
      avoidableOverrunMs: 0,
    });
    expect(judge(facts([charged], over, { rogues })).avoidableOverrunMs).toBe(2_000);
  });

  it('detects a start admitted with nothing left, whatever the database says', () => {
    const first = run('1', { charged_ms: 4_000 });
    const second = run('2', {
      admitted_at: T + 12_000,
      started_at: T + 13_000,
      ended_at: T + 14_000,
      charged_ms: 1_000,
    });
    const machines = [machine('1'), machine('2', T + 13_000, T + 14_000)];
    expect(judge(facts([first, second], machines, {}, 10_000)).overQuota).toHaveLength(1);
    expect(judge(facts([first, second], machines, {}, 14_000)).overQuota).toEqual([]);
  });

  it('detects a start beside as many machines as the plan allows', () => {
    const beside = run('2', { admitted_at: T + 5_000, started_at: T + 6_000 });
    expect(judge(facts([run('1'), beside], [machine('1'), machine('2', T + 6_000)])).overSlots).toHaveLength(
      1,
    );
  });

  it('detects two machines of one run', () => {
    const two = [machine('1'), machine('1', T + 1_000, T + 2_000, 'other')];
    expect(judge(facts([run('1')], two)).twoMachines).toEqual(['1']);
    // A fault took the first one; only where both ran at once are they two.
    const taken = (id: string) => ({ touched: new Map<string, Touch>([[id, 'killed']]) });
    const [first, second] = [machine('1', T, T + 500, 'lost'), machine('1', T + 3_000)];
    expect(judge(facts([run('1')], [first, second], taken('lost'))).twoMachines).toEqual([]);
    expect(judge(facts([run('1')], [first, second])).twoMachines).toEqual(['1']);
    expect(judge(facts([run('1')], two, taken('m-1'))).twoMachines).toEqual(['1']);
  });

  it('detects a lost session, and excuses it only by an outage longer than its slice survives', () => {
    const lost = run('1', { end_reason: 'limit' });
    const short = run('1', { end_reason: 'limit', proof_at: T + 12_000 });
    const spans = new Spans();
    spans.add('postgres', T + 2_000, T + 5_000);
    expect(judge(facts([lost], [machine('1')], { spans })).lost).toHaveLength(1);
    expect(judge(facts([short], [machine('1')], { spans }))).toMatchObject({ lost: [], excused: 1 });
    expect(judge(facts([short], [machine('1')])).lost).toHaveLength(1);
    spans.add('all webs', T + 4_000, T + 10_500);
    expect(judge(facts([lost], [machine('1')], { spans }))).toMatchObject({ lost: [], excused: 1 });
    expect(judge(facts([lost], [machine('1')], { touched: new Map([['m-1', 'killed']]) })).lost).toEqual([]);
  });

  it('accepts both values while a plan changes, and afterwards only the new one', () => {
    vi.useFakeTimers({ now: T });
    const bounds = new Bounds();
    bounds.planChanges('free', { quotaMs: 100, slots: 1 })();
    bounds.ownPlanChanges('a', 'free')();
    vi.setSystemTime(T + 1_000);
    const settled = bounds.planChanges('free', { quotaMs: 50, slots: 1 });
    vi.setSystemTime(T + 2_000);
    settled();
    expect(bounds.most('a', T + 1_500, T + 1_500).quotaMs).toBe(100);
    expect(bounds.most('a', T + 2_500, T + 2_500).quotaMs).toBe(50);
    vi.useRealTimers();
  });

  it('joins and intersects spans of time', () => {
    expect(
      unionOf([
        { from: 5, to: 9 },
        { from: 1, to: 6 },
        { from: 20, to: 20 },
      ]),
    ).toEqual([{ from: 1, to: 9 }]);
    expect(commonOf([[{ from: 0, to: 10 }], [{ from: 5, to: 20 }]])).toEqual([{ from: 5, to: 10 }]);
  });

  it('detects a start while the account was blocked, and counts time given back', () => {
    const checked = facts([run('1')], [machine('1')], {}, 10_000);
    vi.useFakeTimers({ now: T - 1_000 });
    const open = checked.bounds.blocks('a');
    vi.setSystemTime(T + 500);
    open();
    checked.bounds.gives('a', 7_000);
    vi.useRealTimers();
    expect(judge(checked).whileBlocked).toHaveLength(1);
    expect(checked.bounds.isBlocked('a', T + 501)).toBe(false);
    expect(checked.bounds.most('a', T, T).quotaMs).toBe(10_000);
    expect(checked.bounds.most('a', T + 600, T + 600).quotaMs).toBe(17_000);
  });

  it('reports differences between the database and the providers', () => {
    const open = run('1', { status: 'running', ended_at: null });
    const alive = machine('1', T, null);
    const volume = { id: 'v', app: 'hg-dev-a', name: 's_1', state: 'created' };
    const books: Books = {
      runs: [open],
      machines: [alive],
      volumes: [volume],
      apps: ['hg-dev-a'],
      sessions: [{ id: 's', volume_id: 'v', deleted: false }],
      deletedAccounts: [],
      payingAccounts: ['a'],
    };
    const deleted = [{ id: 'a', removed: true }];
    expect(sickOf(books)).toEqual([]);
    expect(sickOf({ ...books, machines: [] })).toHaveLength(1);
    expect(sickOf({ ...books, runs: [run('1')] })).toHaveLength(1);
    expect(sickOf({ ...books, runs: [run('1', { status: 'stopping', ended_at: null })] })).toHaveLength(1);
    expect(sickOf({ ...books, sessions: [{ id: 's', volume_id: 'v', deleted: true }] })).toHaveLength(1);
    expect(sickOf({ ...books, deletedAccounts: [{ id: 'a', removed: false }] })).toHaveLength(1);
    expect(sickOf({ ...books, deletedAccounts: deleted })).toHaveLength(2);
    expect(sickOf({ ...books, deletedAccounts: deleted, apps: [], payingAccounts: [] })).toEqual([]);
  });

  it('detects lost files, and a session that was given another disk', () => {
    const books = (disk: string, there = ['v', 'w']): Books => ({
      runs: [run('1')],
      machines: [],
      volumes: there.map((id) => ({ id, app: 'hg-dev-a', name: 's_1', state: 'created' })),
      apps: [],
      sessions: [{ id: 's', volume_id: disk, deleted: false }],
      deletedAccounts: [],
      payingAccounts: [],
    });
    const found = (touched: Map<string, string>, ...looks: Books[]) => {
      const disks = new Disks();
      for (const look of looks) disks.look(look, touched);
      return disks.lost;
    };
    expect(found(new Map(), books('v'), books('v'))).toEqual([]);
    expect(found(new Map(), books('v'), books('v', ['w']))).toHaveLength(1);
    expect(found(new Map(), books('v'), books('w'))).toHaveLength(1);
    expect(found(new Map([['m-1', 'lost']]), books('v'), books('w'), books('w', []))).toEqual([]);
  });
});
