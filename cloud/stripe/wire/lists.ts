import type { Json } from '../schema/fill';
import { refuse } from '../store/failure';

export interface Listed {
  id: string;
  created?: number;
}

/**
 * Returns one page of records, newest first, by the list parameters. `render` is called for this page only. Throws a
 * refusal for a limit outside 1 to 100, two cursors, or a cursor that is not in the list.
 */
export function listPage<T extends Listed>(
  records: readonly T[],
  params: Json,
  url: string,
  render: (record: T) => Json,
): Json {
  const limit = params.limit === undefined ? 10 : Number(params.limit);
  if (!Number.isInteger(limit) || limit < 1 || limit > 100) {
    throw refuse(
      `Invalid limit: must be between 1 and 100, got ${params.limit}`,
      'limit',
      'parameter_invalid_integer',
    );
  }
  const { starting_after, ending_before } = params;
  if (starting_after && ending_before) {
    throw refuse(
      'You may only specify one of these parameters: starting_after, ending_before.',
      'starting_after',
      'parameters_exclusive',
    );
  }
  const newest = records.filter((record) => isInRange(record.created, params.created)).reverse();
  const indexOf = (id: unknown, param: string) => {
    const index = newest.findIndex((record) => record.id === id);
    if (index < 0) throw refuse(`No such object: '${id}'`, param, 'resource_missing');
    return index;
  };
  let start = 0;
  let end = newest.length;
  if (starting_after) start = indexOf(starting_after, 'starting_after') + 1;
  if (ending_before) {
    end = indexOf(ending_before, 'ending_before');
    start = Math.max(0, end - limit);
  }
  const page = newest.slice(start, Math.min(end, start + limit));
  const hasMore = ending_before ? start > 0 : start + limit < end;
  return { object: 'list', url, has_more: hasMore, data: page.map(render) };
}

/** Returns whether a `created` value equals an instant or lies in a range {gt, gte, lt, lte}. */
function isInRange(value: number | undefined, range: unknown): boolean {
  if (range === undefined || value === undefined) return true;
  if (typeof range === 'number') return value === range;
  const { gt, gte, lt, lte } = range as Record<string, number | undefined>;
  return (
    (gt === undefined || value > gt) &&
    (gte === undefined || value >= gte) &&
    (lt === undefined || value < lt) &&
    (lte === undefined || value <= lte)
  );
}
