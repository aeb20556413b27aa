import type { Scene } from '../faults';

/** Edges: faults that strike on schedule instead of at random, each with its own targets. */

type Figure = { name: string; bar: number; unit: 's' | ''; sums: boolean };

/** The figures of the edges: a count that must stay 0, or a time in ms with an upper limit. */
const FIGURES = {
  silentMs: {
    name: 'silent connections: until decisions are right again',
    bar: 15_000,
    unit: 's',
    sums: false,
  },
  behindGrants: { name: 'clock set back: runs and leases granted meanwhile', bar: 0, unit: '', sums: true },
  rotationRefusals: {
    name: 'secret rotated: tokens and keys of before refused',
    bar: 0,
    unit: '',
    sums: true,
  },
  readOnlyAnswers: {
    name: 'read-only failover: answers that are neither right nor 503 QUOTA_UNAVAILABLE',
    bar: 0,
    unit: '',
    sums: true,
  },
  readOnlyMs: { name: 'read-only failover: slowest answer', bar: 8_000, unit: 's', sums: false },
  viewerMs: { name: 'sleeping viewer: longest wait of another one', bar: 15_000, unit: 's', sums: false },
  viewersKept: { name: 'sleeping viewer: still held after that', bar: 0, unit: '', sums: true },
  snapshotMs: { name: 'open snapshot: slowest look for what is due', bar: 500, unit: 's', sums: false },
  otherCalls: { name: 'second installation: changes it asked of the provider', bar: 0, unit: '', sums: true },
  otherLost: { name: 'second installation: its machines that are gone', bar: 0, unit: '', sums: true },
  otherUnnamed: {
    name: 'second installation: alarms that did not name the other',
    bar: 0,
    unit: '',
    sums: true,
  },
} satisfies Record<string, Figure>;
export type FigureName = keyof typeof FIGURES;

type EdgeLine = { figure: string; value: string; bar: string; ok: boolean };

/** The observations of each figure: how often, and the worst ones. */
export class Edges {
  private readonly seen = new Map<FigureName, { value: number; times: number }>();
  readonly details: string[] = [];

  /** Records one observation: counts are added up, of times the longest is kept. */
  saw(name: FigureName, value: number, words = ''): void {
    const { bar, sums } = FIGURES[name];
    const before = this.seen.get(name) ?? { value: 0, times: 0 };
    const joined = sums ? before.value + value : Math.max(before.value, value);
    this.seen.set(name, { value: joined, times: before.times + 1 });
    if (value > bar) this.details.push(`${FIGURES[name].name}: ${value} ${words}`.trim());
  }

  /** Returns every figure beside its target; a figure that `mustBeSeen` and was not observed misses its target. */
  lines(mustBeSeen: boolean): EdgeLine[] {
    return (Object.keys(FIGURES) as FigureName[]).map((name) => {
      const { name: figure, bar, unit } = FIGURES[name];
      const { value, times } = this.seen.get(name) ?? { value: 0, times: 0 };
      const write = (n: number) => (unit === 's' ? (n / 1000).toFixed(3) : String(n));
      return {
        figure: unit === 's' ? `${figure}, s` : figure,
        value: times === 0 ? 'never seen' : write(value),
        bar: bar === 0 ? '0' : `<= ${bar / 1000}`,
        ok: value <= bar && (times > 0 || !mustBeSeen),
      };
    });
  }
}

/** `how`: `calm` runs while no process or service is taken away; `disturbs` takes some away itself. */
export type Edge = {
  name: string;
  how: 'calm' | 'disturbs' | 'beside';
  strike(scene: EdgeScene): Promise<void>;
};
export type EdgeScene = Scene & {
  edges: Edges;
  /** True in the short form: nothing lasts longer than necessary. */
  brief: boolean;
};

/** Other possible causes of a wait, with which it says nothing about the edge. */
const OTHER_CAUSES = ['postgres', 'web', 'web2', 'frozen', 'starved', 'clock', 'gateway', 'cloud'];

/** Whether nothing else was unavailable between two instants; `own` is what the edge itself took away. */
export const isUndisturbed = (
  { setting }: EdgeScene,
  from: number,
  to: number,
  own: string[] = [],
): boolean =>
  setting.spans.totalMs(
    OTHER_CAUSES.filter((kind) => !own.includes(kind)),
    from,
    to,
  ) === 0;
