/** A span of time in which something was broken; `to` is infinite while it lasts. */
export type Span = { from: number; to: number };

/**
 * The spans in which each part was unavailable, recorded by the faults themselves: the excuses the judge may accept.
 */
export class Spans {
  private readonly byKind = new Map<string, Span[]>();

  /** Begins a span now; the returned function ends it. */
  begin(kind: string): () => void {
    const span: Span = { from: Date.now(), to: Number.POSITIVE_INFINITY };
    this.of(kind).push(span);
    return () => {
      span.to = Math.min(span.to, Date.now());
    };
  }

  add(kind: string, from: number, to: number): void {
    this.of(kind).push({ from, to });
  }

  of(kind: string): Span[] {
    const found = this.byKind.get(kind) ?? [];
    this.byKind.set(kind, found);
    return found;
  }

  /** Returns how long at least one of these kinds lasted between two instants, in ms. */
  totalMs(kinds: string[], from: number, to: number): number {
    return lengthOf(unionOf(kinds.flatMap((kind) => this.of(kind)).map((span) => clip(span, from, to))));
  }
}

const clip = (span: Span, from: number, to: number): Span => ({
  from: Math.max(span.from, from),
  to: Math.min(span.to, to),
});

/** Returns the same time as disjoint spans in order, without empty ones. Pure. */
export function unionOf(spans: Span[]): Span[] {
  const joined: Span[] = [];
  for (const span of spans.filter(({ from, to }) => to > from).toSorted((a, b) => a.from - b.from)) {
    const last = joined.at(-1);
    if (last && span.from <= last.to) last.to = Math.max(last.to, span.to);
    else joined.push({ ...span });
  }
  return joined;
}

/** Returns the time covered by a span of every list. Pure. */
export function commonOf(lists: Span[][]): Span[] {
  const [first = [], ...others] = lists.map(unionOf);
  return others.reduce(
    (common, list) => unionOf(common.flatMap((a) => list.map((b) => clip(a, b.from, b.to)))),
    first,
  );
}

const lengthOf = (spans: Span[]): number => spans.reduce((sum, { from, to }) => sum + (to - from), 0);
