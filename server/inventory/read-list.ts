import type { ListPage, MachineFailure, Outcome } from '../machine/machines';

/**
 * How a list ended. `partial`: some of it was left out. `broken`: its cursors lead nowhere. `failed`: a page could not
 * be read. `stopped`: whoever takes the pages wanted no more. Only `complete` says anything about what was not shown.
 */
export type ListEnd =
  | { how: 'complete' | 'partial' | 'broken' | 'stopped' }
  | { how: 'failed'; failure: MachineFailure };

/** Pages may be empty with more to come, but not for ever. */
const MOST_EMPTY_PAGES = 20;

/** Reads a list page by page and hands on each page before the next is asked for. `take` answers whether to go on. */
export async function readList<T>(
  readPage: (cursor: string | null) => Promise<Outcome<ListPage<T>>>,
  take: (items: T[]) => Promise<boolean>,
): Promise<ListEnd> {
  const cursors = new Set<string>();
  let complete = true;
  let emptyPages = 0;
  for (let cursor: string | null = null; ; ) {
    const page: Outcome<ListPage<T>> = await readPage(cursor);
    if (!page.ok) return { how: 'failed', failure: page.failure };
    const { items, nextCursor } = page.value;
    complete &&= page.value.complete;
    if (!(await take(items))) return { how: 'stopped' };
    if (nextCursor === null) return { how: complete ? 'complete' : 'partial' };
    emptyPages = items.length === 0 ? emptyPages + 1 : 0;
    if (cursors.has(nextCursor) || emptyPages >= MOST_EMPTY_PAGES) return { how: 'broken' };
    cursors.add(nextCursor);
    cursor = nextCursor;
  }
}

/** A list that lost more than half of what the last complete one showed is not believed before the next one agrees. Pure. */
export const isShrunk = (previousCount: number | null, count: number): boolean =>
  previousCount !== null && previousCount - count > Math.max(10, previousCount / 2);
