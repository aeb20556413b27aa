import type { ListPage, Machine, Outcome, Volume } from '../machines';
import type { FlyAccess } from './access';
import { readMachine } from './read-machine';
import { readVolume } from './read-volume';

const enc = encodeURIComponent;
/** The provider's largest page. */
const PAGE_SIZE = 1000;
/** In ms. All attempts of a page must end before a claim on the whole list expires. */
const PAGE_TIMEOUT_MS = 12_000;

/** Returns one page of all machines of the organisation, without events. */
export const listMachines = (fly: FlyAccess, cursor: string | null): Promise<Outcome<ListPage<Machine>>> =>
  listPage(fly, 'machines', cursor, (raw) => readMachine(raw, ''));

/** Returns one page of all volumes of the organisation. */
export const listVolumes = (fly: FlyAccess, cursor: string | null): Promise<Outcome<ListPage<Volume>>> =>
  listPage(fly, 'volumes', cursor, (raw) => readVolume(raw, ''));

type RawPage = { next_cursor?: unknown; error_regions?: unknown } & Record<string, unknown>;

/**
 * A page that omits a region, or has an unreadable item, is not complete; an answer that is not a list is a failure.
 */
async function listPage<T>(
  fly: FlyAccess,
  what: 'machines' | 'volumes',
  cursor: string | null,
  read: (raw: unknown) => T | null,
): Promise<Outcome<ListPage<T>>> {
  const after = cursor === null ? '' : `&cursor=${enc(cursor)}`;
  const answer = await fly.http.send({
    action: 'list_org',
    method: 'GET',
    path: `/orgs/${enc(fly.org)}/${what}?limit=${PAGE_SIZE}${after}`,
    id: `${what} of ${fly.org}`,
    timeoutMs: PAGE_TIMEOUT_MS,
  });
  if (!answer.ok) return answer;
  const page = answer.value as RawPage | null;
  // An empty list may be written as null; an answer without the list's field is not a list.
  const raw = typeof page === 'object' && page !== null && what in page ? (page[what] ?? []) : null;
  if (page === null || !Array.isArray(raw)) {
    return {
      ok: false,
      failure: { kind: 'unavailable', message: 'the answer of the provider is not a list' },
    };
  }
  const items = raw.flatMap((one) => read(one) ?? []);
  const lostRegions = Array.isArray(page.error_regions) ? page.error_regions.length : 0;
  const nextCursor =
    typeof page.next_cursor === 'string' && page.next_cursor !== '' ? page.next_cursor : null;
  return {
    ok: true,
    value: { items, nextCursor, complete: lostRegions === 0 && items.length === raw.length },
  };
}

/** Returns one volume; null when the provider knows no such volume. */
export async function getVolume(
  fly: FlyAccess,
  app: string,
  volumeId: string,
): Promise<Outcome<Volume | null>> {
  const path = `/apps/${enc(app)}/volumes/${enc(volumeId)}`;
  const read = await fly.http.send({
    action: 'get_volume',
    method: 'GET',
    path,
    id: volumeId,
    timeoutMs: 5_000,
    app,
  });
  if (!read.ok) return read.failure.kind === 'not_found' ? { ok: true, value: null } : read;
  const volume = readVolume(read.value, app);
  return volume
    ? { ok: true, value: volume }
    : {
        ok: false,
        failure: { kind: 'unavailable', message: 'the answer of the provider is not a volume' },
      };
}
