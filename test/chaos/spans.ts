/** A stretch of time in which something was not as it should be; `to` is infinite while it lasts. */
export type Span = { from: number; to: number };

/** What was away when, by kind: the excuses a judgement may accept, written down by whoever caused them. */
export class Spans {
  private readonly byKind = new Map<string, Span[]>();

  /** Begins a stretch now; the answer ends it. */
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

  /** How long, in ms, at least one of these kinds lasted between two instants. */
  totalMs(kinds: string[], from: number, to: number): number {
    return lengthOf(unionOf(kinds.flatMap((kind) => this.of(kind)).map((span) => clip(span, from, to))));
  }
}

const clip = (span: Span, from: number, to: number): Span => ({
  from: Math.max(span.from, from),
  to: Math.min(span.to, to),
});

/** The same time as stretches that do not touch, in order; empty ones are left out. Pure. */
export function unionOf(spans: Span[]): Span[] {
  const joined: Span[] = [];
  for (const span of spans.filter(({ from, to }) => to > from).toSorted((a, b) => a.from - b.from)) {
    const last = joined.at(-1);
    if (last && span.from <= last.to) last.to = Math.max(last.to, span.to);
    else joined.push({ ...span });
  }
  return joined;
}

/** Time that lies in one stretch of each list. Pure. */
export function commonOf(lists: Span[][]): Span[] {
  const [first = [], ...others] = lists.map(unionOf);
  return others.reduce(
    (common, list) => unionOf(common.flatMap((a) => list.map((b) => clip(a, b.from, b.to)))),
    first,
  );
}

const lengthOf = (spans: Span[]): number => spans.reduce((sum, { from, to }) => sum + (to - from), 0);
