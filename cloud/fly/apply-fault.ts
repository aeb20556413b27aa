import type { ServerResponse } from 'node:http';
import type { Fault } from './faults';
import { FlyError } from './fly-error';
import type { Reply } from './route';

const sleep = (ms: number) => new Promise((done) => setTimeout(done, ms));

/** Thrown when a fault ends the connection, so that no response is sent. */
export class NoAnswer extends Error {}

function leave(res: ServerResponse, reset: boolean): never {
  // A hanging request keeps its connection until the caller gives up or the cloud closes.
  if (reset) res.socket?.resetAndDestroy();
  throw new NoAnswer();
}

function statusReply(fault: Fault, res: ServerResponse): Reply {
  if (fault.retryAfter !== undefined) res.setHeader('retry-after', String(fault.retryAfter));
  const status = fault.status ?? 503;
  return {
    status,
    body: fault.body ?? { error: status === 429 ? 'rate limit exceeded' : `unavailable: ${status}` },
  };
}

/** Applies the faults before the work. Returns a response that replaces the real one, or null. Throws NoAnswer. */
export async function strikeBefore(faults: Fault[], res: ServerResponse): Promise<Reply | null> {
  for (const fault of faults) if (fault.kind === 'latency') await sleep(fault.latencyMs ?? 1000);
  for (const fault of faults) {
    if (fault.kind === 'status') return statusReply(fault, res);
    // The response says that the call succeeded, but nothing happens.
    if (fault.kind === 'no_effect') return { status: 200, body: { ok: true } };
    if (fault.kind === 'hang' || fault.kind === 'reset') leave(res, fault.kind === 'reset');
  }
  return null;
}

/** Applies the faults after the work. Returns the response, which may be replaced or incomplete. Throws NoAnswer. */
export function strikeAfter(faults: Fault[], reply: Reply | FlyError, res: ServerResponse): Reply {
  const done = reply instanceof FlyError ? { status: reply.httpStatus, body: reply.body() } : reply;
  for (const fault of faults) {
    if (fault.kind === 'after_commit_status') return statusReply(fault, res);
    if (fault.kind === 'after_commit_hang') leave(res, false);
    if (fault.kind === 'after_commit_reset') leave(res, true);
    if (done.status === 200) done.body = hidePart(fault, done.body);
  }
  return done;
}

interface OrgPage {
  machines: Array<{ region: string }>;
  error_regions: string[];
}

function hidePart(fault: Fault, body: unknown): unknown {
  const page = body as Partial<OrgPage>;
  const paged = Array.isArray(page?.machines);
  if (fault.kind === 'empty_list') {
    if (Array.isArray(body)) return [];
    return paged ? { ...page, machines: [], next_cursor: '' } : body;
  }
  if (fault.kind === 'short_page' && paged) {
    // An empty page that announces more: the next cursor points to the first page again.
    return { ...page, machines: [], next_cursor: 'MA' };
  }
  if (fault.kind === 'duplicate_events') return doubleEvents(body);
  if (fault.kind === 'error_regions' && paged) {
    const lost = fault.regions ?? ['iad'];
    const machines = page.machines?.filter(({ region }) => !lost.includes(region));
    return { ...page, machines, error_regions: lost };
  }
  return body;
}

type Told = { id?: string; type?: string; status?: string; timestamp?: number; events?: Told[] };

/** Repeats every event, and a start under a second id shortly after, as Fly sometimes does. */
function doubleEvents(body: unknown): unknown {
  if (Array.isArray(body)) return body.flatMap((one: Told) => (one.events ? doubleEvents(one) : twice(one)));
  const events = (body as Told | null)?.events;
  return events ? { ...(body as Told), events: events.flatMap(twice) } : body;
}

function twice(event: Told): Told[] {
  if (event.type !== 'start' || event.status !== 'started') return event.timestamp ? [event, event] : [event];
  const again = { ...event, id: `${event.id?.slice(0, -1)}~`, timestamp: (event.timestamp ?? 0) + 40 };
  return [again, event, event];
}

/** Returns the age of the state that reads show, in ms. */
export function lagOf(faults: Fault[]): number {
  return Math.max(
    0,
    ...faults.filter(({ kind }) => kind === 'lag').map(({ latencyMs }) => latencyMs ?? 3000),
  );
}
