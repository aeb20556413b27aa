import { createClient, type HourglassClient } from '@/client';
import { sleep } from '@/scripts/services/processes';
import { createAccount } from '@/server/account/create-account';
import { verifyLedger } from '@/server/quota/verify-ledger';
import { LATE, withTimeout } from '@/server/with-timeout';
import { chanceOf } from '../simulation/events';
import { Bounds } from './bounds';
import { Calm } from './calm';
import { careOnce } from './care';
import { type EdgeScene, Edges } from './edges/edges';
import { lanesOf } from './edges/lanes';
import { KINDS, type Scene, STRIKE_MS } from './faults';
import { weighted } from './habits';
import { Disks, type Healing, leakedMachines, untilHealed } from './heal';
import { insist } from './insist';
import { judge } from './judge';
import { Crowd, impatient } from './people';
import type { Result } from './report';
import { RULES, Setting } from './setting';
import { commonOf } from './spans';
import { Tally } from './tally';
import { type Books, readAllMachines, readBooks } from './truth';

export type ChaosOptions = {
  minutes: number;
  seed: number;
  people?: number;
  /** The short form: every edge once, and nothing longer than necessary. */
  brief?: boolean;
  say: (line: string) => void;
};

const ROUND_MS = 75_000;
const HEAL_MS = 60_000;
/** The month ends this long after the start, while users are active, in ms. */
const EDGE_IN_MS = { brief: 32_000, long: 50_000 };
/** Faults that begin later than this before the month's end miss it, because the computer was too slow, in ms. */
const BEFORE_EDGE_MS = 6_000;
/** The round in which the month ends continues this long after it, in ms. */
const AFTER_EDGE_MS = 8_000;

/**
 * Opens a setting, applies faults for the given time, lets it recover, and judges. Closes everything, also on failure.
 */
export async function runChaos(options: ChaosOptions, onOpen: (setting: Setting) => void): Promise<Result> {
  const chance = chanceOf(options.seed);
  const setting = await Setting.open(
    chance,
    options.say,
    EDGE_IN_MS[options.brief ? 'brief' : 'long'],
    `seed-${options.seed}`,
  );
  onOpen(setting);
  try {
    return await play(setting, options);
  } finally {
    await setting.close();
  }
}

async function play(setting: Setting, options: ChaosOptions): Promise<Result> {
  const { minutes, seed, people = 6, brief = false, say } = options;
  const tally = new Tally();
  const bounds = new Bounds();
  await preparePlans(setting, bounds);
  const crowd = new Crowd(setting, bounds, tally, seed);
  const scene: EdgeScene = {
    ...{ setting, crowd, chance: chanceOf(seed + 1), tally, touched: new Map(), calm: new Calm() },
    ...{ edges: new Edges(), brief },
  };
  const starved = watchStarvation(setting);
  const webs = setting.watchWebs();
  const until = Math.max(Date.now() + minutes * 60_000, setting.edgeAt + AFTER_EDGE_MS);
  const disks = new Disks();
  crowd.begin(people);
  const care = {
    admin: await openAdmin(setting),
    people: crowd.people,
    bounds,
    chance: chanceOf(seed + 2),
    plans: PLANS.slice(0, 3),
  };
  crowd.beginDeeds(() => careOnce(care), chanceOf(seed + 3));
  const from = Date.now();
  const healings = await playRounds(scene, disks, until, say);
  const played = {
    seed,
    seconds: (Date.now() - from) / 1000,
    edgeInTime: setting.edgeAt > from + BEFORE_EDGE_MS,
  };
  healings.push(...(await endAll(scene)));
  starved.end();
  await webs.end();
  return judgeAll(scene, bounds, disks, { ...played, healings });
}

/** Removes all users, with paid plans and without running sessions. Returns the outcome of both recoveries. */
async function endAll({ setting, crowd }: Scene): Promise<Healing[]> {
  await crowd.end();
  const plansInForce = await untilHealed(setting, HEAL_MS, () => crowd.unpaidPlans());
  await crowd.stopAll();
  return [plansInForce, await untilHealed(setting, HEAL_MS)];
}

type Played = Pick<Result, 'seed' | 'seconds' | 'healings' | 'edgeInTime'>;

async function judgeAll(scene: EdgeScene, bounds: Bounds, disks: Disks, played: Played): Promise<Result> {
  const { setting, tally, edges } = scene;
  const books = await readBooks(setting);
  disks.look(books, scene.touched);
  const ledger = await insist(() => verifyLedger(setting.operator.ctx, null), HEAL_MS);
  noteOutages(setting);
  setting.other.judge(edges, await readAllMachines(setting));
  for (const run of books.runs) tally.count('ends', run.end_reason ?? run.status);
  return {
    ...played,
    leaked: leakedMachines(books),
    filesLost: disks.lost,
    drift: ledger.drift.map((drift) => JSON.stringify(drift)),
    chain: ledger.problems.map(({ accountId, message }) => `account ${accountId}: ${message}`),
    edges,
    tally,
    starvedMs: setting.spans.totalMs(['starved'], 0, Date.now()),
    verdict: judgeBooks(scene, bounds, books),
  };
}

/** Alternates faults and recovery until the time is over; returns the outcome of each recovery. */
async function playRounds(scene: EdgeScene, disks: Disks, until: number, say: ChaosOptions['say']) {
  const { setting, crowd, tally, touched } = scene;
  const healings: Healing[] = [];
  while (Date.now() < until) {
    const roundEnd = Math.min(until, Date.now() + ROUND_MS);
    await Promise.all([breakThings(scene, roundEnd), ...lanesOf(scene)]);
    const healing = await heal(scene);
    healings.push(healing);
    disks.look(await readBooks(setting), touched);
    const seconds = (healing.ms / 1000).toFixed(1);
    say(`round ${healings.length}: healed in ${seconds} s, ${tally.total('faults')} faults so far`);
    if (!healing.healed) for (const sick of healing.sick) say(`  ${sick}`);
    if (Date.now() < until) crowd.resume();
  }
  return healings;
}

function judgeBooks({ setting, crowd, touched }: Scene, bounds: Bounds, books: Books) {
  const of = (names: string[]) =>
    new Set(crowd.people.filter(({ habit }) => names.includes(habit.machines)).map((p) => p.accountId));
  return judge({
    runs: books.runs,
    machines: books.machines,
    rogues: of(['silent', 'stubborn']),
    frail: of(['crash', 'stuck_created']),
    bounds,
    spans: setting.spans,
    touched,
    rules: RULES,
    edgeAt: setting.edgeAt,
  });
}

/** Plans small enough to be used up within minutes. */
const PLANS = [
  { id: 'free', seconds: 45, slots: 1, idleSeconds: 900 },
  { id: 'starter', seconds: 90, slots: 1, idleSeconds: 900 },
  { id: 'pro', seconds: 180, slots: 2, idleSeconds: 900 },
  { id: 'max', seconds: 100_000, slots: 3, idleSeconds: 900 },
  { id: 'custom', seconds: null, slots: 5, idleSeconds: 12 },
];

/** Creates an administrator's client, through any web process. */
async function openAdmin({ operator, stack }: Setting): Promise<HourglassClient> {
  const { apiKey } = await createAccount(operator.ctx, { email: 'admin@hourglass.test', isAdmin: true });
  return createClient({ url: stack.appUrl, apiKey, fetch: impatient });
}

async function preparePlans({ sql }: Setting, bounds: Bounds): Promise<void> {
  for (const { id, seconds, slots, idleSeconds } of PLANS) {
    await sql`
      update plan set monthly_seconds = ${seconds}, max_sessions = ${slots}, idle_default_seconds = ${idleSeconds}
      where id = ${id}`;
    bounds.planChanges(id, {
      quotaMs: seconds === null ? Number.POSITIVE_INFINITY : seconds * 1000,
      slots,
    })();
  }
}

/** Applies faults until the time is over, then waits until every fault has ended. */
async function breakThings(scene: Scene, until: number): Promise<void> {
  const under = new Set<Promise<void>>();
  while (Date.now() < until) {
    const kind = weighted(
      scene.chance,
      scene.calm.isWanted ? KINDS.filter(({ disturbs }) => !disturbs) : KINDS,
    );
    scene.tally.count('faults', kind.name);
    scene.setting.note(kind.name);
    const strike: Promise<void> = withTimeout(strikeOnce(scene, kind), STRIKE_MS)
      .then(
        (done) => {
          if (done === LATE) scene.tally.count('stuck', kind.name);
        },
        (error) => scene.setting.note(`${kind.name}: ${error}`),
      )
      .finally(() => {
        under.delete(strike);
        scene.setting.note(`${kind.name}: over`);
      });
    under.add(strike);
    await sleep(Math.min(scene.chance.between(300, 3_500), Math.max(0, until - Date.now())));
  }
  await Promise.all(under);
}

const strikeOnce = (scene: Scene, kind: (typeof KINDS)[number]): Promise<void> =>
  kind.disturbs ? scene.calm.disturb(() => kind.strike(scene)) : kind.strike(scene);

/** Ends all faults and actions; returns how long the database and the provider take to agree. */
async function heal({ setting, crowd }: Scene): Promise<Healing> {
  await insist(() => setting.control('/control/faults/clear', {}), 30_000);
  await insist(() => setting.stripe('faults', undefined, 'DELETE'), 30_000);
  await insist(
    () => setting.stripe('webhooks', { order: 'natural', duplicate: 0, delayMs: 0, drop: 0 }),
    30_000,
  );
  const from = Date.now();
  await crowd.pause();
  const healing = await untilHealed(setting, HEAL_MS);
  return { ...healing, ms: Date.now() - from };
}

/** Records spans in which this computer was starved: a timer that fires late was kept waiting, like everything else. */
function watchStarvation(setting: Setting): { end(): void } {
  let last = Date.now();
  const timer = setInterval(() => {
    const now = Date.now();
    if (now - last > 750) setting.spans.add('starved', last, now);
    last = now;
  }, 50);
  return { end: () => clearInterval(timer) };
}

/** Records the spans in which all processes of a kind were unavailable at once. */
function noteOutages({ spans }: Setting): void {
  for (const kind of ['web', 'worker'])
    for (const { from, to } of commonOf([spans.of(kind), spans.of(`${kind}2`)]))
      spans.add(`all ${kind}s`, from, to);
}
