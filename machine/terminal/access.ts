import { postToService, type Service } from '../post';

/** Time between two calls about the grants of open terminals. */
const ASK_MS = 4_000;
const TIMEOUT_MS = 3_000;

export type AccessOptions = Service & {
  /** Returns the grants of open terminals and requests. */
  grants: () => string[];
  onEnded: (grant: string) => void;
};

/**
 * Asks the service every few seconds whether the grants behind open terminals still exist; makes no call while there are
 * none. Without an answer terminals stay open, for as long as the lease lasts.
 */
export class AccessWatch {
  private asking = false;

  constructor(private readonly options: AccessOptions) {}

  start(): void {
    setInterval(() => void this.ask(), ASK_MS).unref();
  }

  private async ask(): Promise<void> {
    const grants = [...new Set(this.options.grants())];
    if (this.asking || grants.length === 0) return;
    this.asking = true;
    try {
      for (const grant of await this.endedOf(grants)) this.options.onEnded(grant);
    } catch {
      // The next interval asks again.
    } finally {
      this.asking = false;
    }
  }

  private async endedOf(grants: string[]): Promise<string[]> {
    const given = new AbortController();
    const timer = setTimeout(() => given.abort(), TIMEOUT_MS);
    try {
      const response = await postToService(this.options, '/api/agent/access', { grants }, given.signal);
      if (!response.ok) throw new Error(`the service answered ${response.status}`);
      const { ended } = (await response.json()) as { ended?: unknown };
      return Array.isArray(ended) ? ended.filter((grant) => grants.includes(grant)) : [];
    } finally {
      clearTimeout(timer);
    }
  }
}
