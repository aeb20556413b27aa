import { sleep } from '@/scripts/services/processes';

/**
 * Keeps what takes whole processes and services away apart from what has to be measured without it: any number of the one kind at
 * a time, or any number of the other. Nobody is made to wait for long: no measurement takes longer than half a minute.
 */
export class Calm {
  private disturbing = 0;
  private measuring = 0;

  /** Runs `work` while nothing disturbs; nothing that does begins meanwhile. */
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

  /** Runs `work`, which disturbs, once nobody measures. */
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
