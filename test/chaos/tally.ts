/** Counts by group and name, for the report. */
export class Tally {
  private readonly groups = new Map<string, Map<string, number>>();

  count(group: string, name: string, by = 1): void {
    const counts = this.groups.get(group) ?? new Map<string, number>();
    this.groups.set(group, counts);
    counts.set(name, (counts.get(name) ?? 0) + by);
  }

  /** Returns names with their counts, the most frequent first. */
  of(group: string): [name: string, count: number][] {
    return [...(this.groups.get(group) ?? [])].sort((a, b) => b[1] - a[1]);
  }

  total(group: string): number {
    return this.of(group).reduce((sum, [, count]) => sum + count, 0);
  }
}
