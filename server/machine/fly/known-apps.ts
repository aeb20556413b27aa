/** Most names kept; losing one costs a read. */
const MAX_APPS = 10_000;
/** How long after its creation an app may be unknown to a part of the provider. Unit: ms. */
const FRESH_MS = 15_000;

/** Apps in which this process has created a machine. Only saves a check: a refused create leads to one anyhow. */
export class KnownApps {
  private readonly names = new Set<string>();
  /** When this process created each app, by `performance.now()`. */
  private readonly created = new Map<string, number>();

  has = (app: string): boolean => this.names.has(app);
  forget = (app: string): void => void this.names.delete(app);

  noteCreated(app: string): void {
    for (const [name, at] of this.created) if (performance.now() - at > FRESH_MS) this.created.delete(name);
    this.created.set(app, performance.now());
  }

  /** Whether this process created the app moments ago. */
  isFresh(app: string): boolean {
    const at = this.created.get(app);
    return at !== undefined && performance.now() - at <= FRESH_MS;
  }

  note(app: string): void {
    // The oldest name is dropped.
    this.names.delete(app);
    this.names.add(app);
    const [oldest] = this.names.size > MAX_APPS ? this.names : [];
    if (oldest !== undefined) this.names.delete(oldest);
  }
}
