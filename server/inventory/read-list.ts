import type { ListPage, MachineFailure, Outcome } from '../machine/machines';

/**
 * How a list ended. `partial`: some of it was left out. `broken`: its cursors repeat or lead to no end. `failed`: a
 * page could not be read. `stopped`: the consumer wanted no more. Only a `complete` list proves anything about what it
 * does not show.
 */
export type ListEnd =
  | { how: 'complete' | 'partial' | 'broken' | 'stopped' }
  | { how: 'failed'; failure: MachineFailure };

/** The most empty pages in a row before a list counts as endless. */
const MOST_EMPTY_PAGES = 20;

/** Reads a list page by page and hands on each page before it requests the next. `take` returns whether to continue. */
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

/**
 * Returns whether a list lost more than half of what the last complete one showed; it is then not believed until the
 * next one agrees. Pure.
 */
export const isShrunk = (previousCount: number | null, count: number): boolean =>
  previousCount !== null && previousCount - count > Math.max(10, previousCount / 2);
