/** Most names kept; losing one costs a read. */
const MAX_APPS = 10_000;

/** Apps in which this process has created a machine. Only saves a check: a refused create leads to one anyhow. */
export class KnownApps {
  private readonly names = new Set<string>();

  has = (app: string): boolean => this.names.has(app);
  forget = (app: string): void => void this.names.delete(app);

  note(app: string): void {
    // The oldest name is dropped.
    this.names.delete(app);
    this.names.add(app);
    const [oldest] = this.names.size > MAX_APPS ? this.names : [];
    if (oldest !== undefined) this.names.delete(oldest);
  }
}
