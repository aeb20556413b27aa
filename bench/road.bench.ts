import { newId } from '@/server/ids';
import type { Caller } from './road/accounts';
import { PROVIDER_MS, type Served, startServed } from './road/served';
import { sizeOf } from './sizes';
import { figure, measure, printTable, quantile } from './table';

/**
 * The path from a click to a machine through the built web over HTTP, with an API key: each call beside `/healthz` of
 * the same server in the same run. A simulated Machines API answers after a fixed time. `billing.plans` reads six rows
 * of a small table, which bounds how cheap polling for changes could become.
 */

/** Many short rounds, so that other load on the computer affects all calls alike. */
const SECONDS = sizeOf('BENCH_SECONDS', 0.5, 0.2);
const ROUNDS = sizeOf('BENCH_ROUNDS', 15, 1);
const WARM_SECONDS = sizeOf('BENCH_WARM', 4, 0.2);
const LANES = 8;
const STARTS = sizeOf('BENCH_STARTS', 200, 5);
const PARALLEL = sizeOf('BENCH_PARALLEL', 200, 10);
const WAVES = sizeOf('BENCH_WAVES', 3, 1);
/** Polling interval of an open dashboard, in ms. */
const POLL_MS = 5_000;

type Call = () => Promise<void>;
type Answer = { status: number; text: string };

async function ask(served: Served, path: string, who: Caller | null, body?: unknown): Promise<Answer> {
  const answer = await served.pool.request({
    method: body === undefined ? 'GET' : 'POST',
    path,
    headers: {
      'accept-encoding': 'gzip, deflate, br',
      ...who?.headers,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    body: body === undefined ? null : JSON.stringify(body),
  });
  return { status: answer.statusCode, text: await answer.body.text() };
}

const start = (served: Served, caller: Caller, sessionId: string | undefined): Promise<Answer> =>
  ask(served, '/api/trpc/session.start', caller, { sessionId, idempotencyKey: newId() });

const expecting =
  (status: number, call: () => Promise<Answer>): Call =>
  async () => {
    const got = await call();
    if (got.status !== status) throw new Error(`answered ${got.status} instead of ${status}: ${got.text}`);
  };

type Cost = { rate: number; webMs: number; postgresMs: number; p50: number; p99: number };

/** Measures every call in turn, in rounds, so that other load on the computer affects all calls alike. */
async function compare(served: Served, calls: Record<string, Call>): Promise<Record<string, Cost>> {
  for (const call of Object.values(calls)) await measure(LANES, WARM_SECONDS, call);
  const all: Record<string, Cost[]> = {};
  for (let round = 0; round < ROUNDS; round++)
    for (const [name, call] of Object.entries(calls)) {
      const from = served.cpu();
      const { perSecond, p50, p99, count } = await measure(LANES, SECONDS, call);
      const to = served.cpu();
      const each = (what: 'web' | 'postgres') => (1000 * (to[what] - from[what])) / count;
      all[name] = [
        ...(all[name] ?? []),
        { rate: perSecond, webMs: each('web'), postgresMs: each('postgres'), p50, p99 },
      ];
    }
  const middle = (costs: Cost[], of: keyof Cost) =>
    quantile(
      costs.map((cost) => cost[of]),
      0.5,
    );
  return Object.fromEntries(
    Object.entries(all).map(([name, costs]) => [
      name,
      {
        rate: middle(costs, 'rate'),
        webMs: middle(costs, 'webMs'),
        postgresMs: middle(costs, 'postgresMs'),
        p50: middle(costs, 'p50'),
        p99: middle(costs, 'p99'),
      },
    ]),
  );
}

async function benchRates(served: Served): Promise<void> {
  const calm = await served.open({ planId: 'max', sessions: 20 });
  const spent = await served.open({ planId: 'free', sessions: 1, leftMs: 0 });
  const busy = await served.open({ planId: 'max', sessions: 20 });
  await expecting(200, () => start(served, busy, busy.sessionIds[0]))();
  const signedIn = await served.signUp({ planId: 'max', sessions: 20 });
  const status = (caller: Caller) =>
    expecting(200, () => ask(served, '/api/trpc/session.batchStatus', caller));
  const costs = await compare(served, {
    '/healthz': expecting(200, () => ask(served, '/healthz', null)),
    'batchStatus, nothing runs': status(calm),
    'batchStatus, one runs': status(busy),
    'batchStatus, by cookie': status(signedIn),
    'plans, by the same cookie': expecting(200, () => ask(served, '/api/trpc/billing.plans', signedIn)),
    'start, refused': expecting(402, () => start(served, spent, spent.sessionIds[0])),
  });
  const bare = costs['/healthz']?.rate ?? Number.NaN;
  const aims: Record<string, string> = {
    'batchStatus, nothing runs': ' (aim 0.6)',
    'batchStatus, one runs': ' (aim 0.6)',
    'batchStatus, by cookie': ' (aim 0.6)',
    'start, refused': ' (aim 0.4)',
  };
  printTable(
    `The built web over HTTP, ${LANES} connections, median of ${ROUNDS} rounds of ${SECONDS} s, 20 sessions`,
    Object.entries(costs).map(([what, cost]) => ({
      what,
      'per second': figure(cost.rate, 0),
      'p50 ms': figure(cost.p50),
      'p99 ms': figure(cost.p99),
      'web ms': figure(cost.webMs),
      'PostgreSQL ms': figure(cost.postgresMs),
      'of /healthz': `${figure(cost.rate / bare)}${aims[what] ?? ''}`,
    })),
  );
  const polls = 3_600_000 / POLL_MS;
  printTable(`What an open dashboard costs an hour, asking every ${POLL_MS / 1000} s`, [
    ...Object.entries(costs)
      .filter(([what]) => /batchStatus|plans/.test(what))
      .map(([what, cost]) => ({
        what,
        'web CPU s': figure((polls * cost.webMs) / 1000),
        'PostgreSQL CPU s': figure((polls * cost.postgresMs) / 1000),
        'dashboards on one core': figure(
          3_600_000 / (polls * Math.max(0.01, cost.webMs + cost.postgresMs)),
          0,
        ),
      })),
  ]);
}

async function timed(work: Call): Promise<number> {
  const from = performance.now();
  await work();
  return performance.now() - from;
}

async function benchStarts(served: Served): Promise<void> {
  const accept = async () => {
    const caller = await served.open({ planId: 'free', sessions: 1 });
    return timed(expecting(200, () => start(served, caller, caller.sessionIds[0])));
  };
  for (let n = 0; n < Math.min(20, STARTS); n++) await accept();
  const accepted: number[] = [];
  const health: number[] = [];
  for (let n = 0; n < STARTS; n++) {
    accepted.push(await accept());
    health.push(await timed(expecting(200, () => ask(served, '/healthz', null))));
  }
  const row = (what: string, samples: number[], less = 0) => ({
    what,
    'p50 ms': figure(quantile(samples, 0.5) - less),
    'p90 ms': figure(quantile(samples, 0.9) - less),
    'p99 ms': figure(quantile(samples, 0.99) - less),
  });
  printTable(`${STARTS} warm starts, one connection, provider answers after ${PROVIDER_MS} ms`, [
    row('/healthz', health),
    row('start, accepted', accepted),
    row("over the provider's time (aim 25)", accepted, PROVIDER_MS),
  ]);
}

async function benchSlot(served: Served): Promise<void> {
  const rows = [];
  for (let wave = 0; wave < WAVES; wave++) {
    const caller = await served.open({ planId: 'free', sessions: PARALLEL });
    const together = (work: (n: number) => Promise<Answer>) =>
      Promise.all(
        Array.from({ length: PARALLEL }, async (_, n) => {
          const from = performance.now();
          const { status } = await work(n);
          return { status, ms: performance.now() - from };
        }),
      );
    const health = await together(() => ask(served, '/healthz', null));
    const starts = await together((n) => start(served, caller, caller.sessionIds[n]));
    const took = (answers: { ms: number }[]) => answers.map(({ ms }) => ms);
    const accepted = starts.filter(({ status }) => status === 200).length;
    const refused = starts.filter(({ status }) => status === 409).length;
    if (accepted !== 1 || accepted + refused !== PARALLEL)
      throw new Error(`${accepted} of ${PARALLEL} were accepted, ${refused} refused`);
    for (const [what, answers] of [
      ['/healthz', health],
      ['start (aim p99 1000)', starts],
    ] as const)
      rows.push({
        what,
        'p50 ms': figure(quantile(took(answers), 0.5)),
        'p99 ms': figure(quantile(took(answers), 0.99)),
        'max ms': figure(Math.max(...took(answers))),
      });
  }
  printTable(
    `${PARALLEL} parallel starts of as many sessions on one slot: one accepted, the others refused`,
    rows,
  );
}

const served = await startServed(PARALLEL);
try {
  await benchRates(served);
  await benchStarts(served);
  await benchSlot(served);
} finally {
  await served.close();
}
