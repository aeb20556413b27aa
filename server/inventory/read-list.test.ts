import { describe, expect, it } from 'vitest';
import { newId } from '../ids';
import type { ListPage, Outcome } from '../machine/machines';
import { Fingerprints } from './fingerprints';
import { isShrunk, readList } from './read-list';

const page = (items: string[], nextCursor: string | null, complete = true): Outcome<ListPage<string>> => ({
  ok: true,
  value: { items, nextCursor, complete },
});

/** Reads from a provider that answers each cursor as given; returns how the list ended and what was handed on. */
async function read(pages: Record<string, Outcome<ListPage<string>>>, most = 100) {
  const seen: string[] = [];
  let asked = 0;
  const end = await readList(
    async (cursor) => {
      asked += 1;
      return pages[cursor ?? 'first'] ?? page([], null);
    },
    async (items) => {
      seen.push(...items);
      return asked < most;
    },
  );
  return { how: end.how, seen, asked };
}

describe('reading a whole list', () => {
  it('MACHINE-29 goes through short and empty pages to the end', async () => {
    const pages = { first: page(['a', 'b'], '1'), 1: page([], '2'), 2: page(['c'], '3'), 3: page([], null) };
    expect(await read(pages)).toEqual({ how: 'complete', seen: ['a', 'b', 'c'], asked: 4 });
  });

  it('MACHINE-29 one page that left something out makes the whole list partial', async () => {
    const pages = { first: page(['a'], '1', false), 1: page(['b'], null) };
    expect(await read(pages)).toMatchObject({ how: 'partial', seen: ['a', 'b'] });
  });

  it('MACHINE-29 cursors that lead back, and empty pages without end, are broken', async () => {
    const circle = { first: page(['a'], '1'), 1: page(['b'], '2'), 2: page(['c'], '1') };
    expect(await read(circle)).toMatchObject({ how: 'broken', asked: 3 });
    const endless = Object.fromEntries(
      Array.from({ length: 1_000 }, (_, i) => [i === 0 ? 'first' : String(i), page([], String(i + 1))]),
    );
    expect(await read(endless)).toMatchObject({ how: 'broken', seen: [] });
  });

  it('MACHINE-29 a page that cannot be read fails the list; who wants no more gets no more', async () => {
    const failure = { kind: 'unavailable', message: '503' } as const;
    expect(await read({ first: page(['a'], '1'), 1: { ok: false, failure } })).toMatchObject({
      how: 'failed',
    });
    expect(await read({ first: page(['a'], '1'), 1: page(['b'], '2') }, 2)).toMatchObject({
      how: 'stopped',
      asked: 2,
    });
  });

  it.each([
    [null, 0, false],
    [100, 100, false],
    [100, 51, false],
    [100, 49, true],
    [100_000, 0, true],
    [10, 0, false],
    [11, 0, true],
  ])('MACHINE-29 a list of %s followed by one of %d is suspicious: %s', (before, now, suspicious) => {
    expect(isShrunk(before, now)).toBe(suspicious);
  });

  it('MACHINE-31 knows what a list showed in eight bytes each', () => {
    const shown = new Fingerprints();
    const [added, others] = [Array.from({ length: 5_000 }, newId), Array.from({ length: 5_000 }, newId)];
    for (const id of added) shown.add(id);
    expect(added.filter((id) => !shown.has(id))).toEqual([]);
    expect(others.filter((id) => shown.has(id))).toEqual([]);
    shown.add(others[0] as string);
    expect(shown.has(others[0] as string)).toBe(true);
    expect(new Fingerprints().has('a')).toBe(false);
  });
});
