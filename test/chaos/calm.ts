import { sleep } from '@/scripts/services/processes';

/**
 * Keeps faults that take processes or services away apart from measurements that need them: any number of one kind at a
 * time, or any number of the other. No one waits long, because no measurement takes more than half a minute.
 */
export class Calm {
  private disturbing = 0;
  private measuring = 0;

  /** Runs `work` while no disturbing fault is active, and lets none begin meanwhile. */
  async during<T>(work: () => Promise<T>): Promise<T> {
    this.measuring += 1;
    try {
      while (this.disturbing > 0) await sleep(50);
      return await work();
    } finally {
      this.measuring -= 1;
    }
  }

  get isWanted(): boolean {
    return this.measuring > 0;
  }

  /** Runs `work`, a disturbing fault, once no measurement is in progress. */
  async disturb<T>(work: () => Promise<T>): Promise<T> {
    while (this.measuring > 0) await sleep(50);
    this.disturbing += 1;
    try {
      return await work();
    } finally {
      this.disturbing -= 1;
    }
  }
}
