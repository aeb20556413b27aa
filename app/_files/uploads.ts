import type { Way } from './files-client';
import { encodePath, joinPath } from './paths';
import { LEFT, type Outcome, type Sending, sendFile, uploadIdOf } from './send-file';

type UploadState = 'waiting' | 'sending' | 'retrying' | 'done' | 'exists' | 'failed';

export type UploadItem = {
  key: number;
  /** Below the target folder, decoded for display. */
  name: string;
  path: string;
  sizeBytes: number;
  sentBytes: number;
  state: UploadState;
  why: string | null;
};

/** A file and its path below the chosen folder. */
export type Dropped = { name: string; file: File };

const AT_ONCE = 2;
const LONGEST_PAUSE_MS = 8_000;
/** The shortest time between two updates of the progress shown. */
const SHOW_MS = 200;

export type UploadsOptions = {
  sessionId: string;
  connect: () => Promise<Way>;
  forget: () => void;
  /** Called when a file has arrived in this folder or below it. */
  onArrived: () => void;
};

type Job = UploadItem & { file: File; replace: boolean; end: AbortController };

/** The uploads of a page: two at a time, retried until they arrive, kept while the page is open. */
export class Uploads {
  private readonly jobs: Job[] = [];
  private readonly listeners = new Set<() => void>();
  private shown: UploadItem[] = [];
  private showing: ReturnType<typeof setTimeout> | null = null;
  private active = 0;
  private count = 0;

  constructor(private readonly options: UploadsOptions) {}

  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  items = (): UploadItem[] => this.shown;

  get isBusy(): boolean {
    return this.jobs.some(({ state }) => ['waiting', 'sending', 'retrying'].includes(state));
  }

  add(folder: string, dropped: Dropped[]): void {
    for (const { name, file } of dropped)
      this.jobs.push({
        key: ++this.count,
        name,
        path: joinPath(folder, encodePath(name)),
        sizeBytes: file.size,
        sentBytes: 0,
        state: 'waiting',
        why: null,
        file,
        replace: false,
        end: new AbortController(),
      });
    this.changed();
    this.next();
  }

  cancel(key: number): void {
    const job = this.jobs.find((other) => other.key === key);
    if (!job) return;
    job.end.abort();
    this.jobs.splice(this.jobs.indexOf(job), 1);
    this.changed();
  }

  /** Retries an upload; with `replace` it overwrites an existing file. */
  again(key: number, replace: boolean): void {
    const job = this.jobs.find((other) => other.key === key);
    if (!job) return;
    Object.assign(job, { state: 'waiting', replace, why: null });
    this.changed();
    this.next();
  }

  clearDone(): void {
    for (const job of this.jobs.filter(({ state }) => state === 'done'))
      this.jobs.splice(this.jobs.indexOf(job), 1);
    this.changed();
  }

  stop(): void {
    for (const job of this.jobs) job.end.abort(LEFT);
  }

  private next(): void {
    while (this.active < AT_ONCE) {
      const job = this.jobs.find(({ state }) => state === 'waiting');
      if (!job) return;
      job.state = 'sending';
      this.active++;
      void this.send(job).finally(() => {
        this.active--;
        this.changed();
        this.next();
      });
    }
  }

  private async send(job: Job): Promise<void> {
    const id = await uploadIdOf(this.options.sessionId, job.path, job.file);
    for (let pause = 500; ; pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
      const before = job.sentBytes;
      const outcome = await this.tryOnce(job, { path: job.path, file: job.file, id, replace: job.replace });
      if (job.end.signal.aborted) return;
      if (outcome.type !== 'lost') return this.settle(job, outcome);
      job.state = 'retrying';
      this.changed();
      if (job.sentBytes > before) pause = 500;
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
  }

  private async tryOnce(job: Job, sending: Sending): Promise<Outcome> {
    try {
      const way = await this.options.connect();
      const progress = (bytes: number) => {
        job.state = 'sending';
        job.sentBytes = bytes;
        this.changed();
      };
      const outcome = await sendFile(way, sending, progress, job.end.signal);
      if (outcome.type === 'lost') this.options.forget();
      return outcome;
    } catch (error) {
      const { reason } = (error as { data?: { reason?: string } }).data ?? {};
      const message = error instanceof Error ? error.message : 'The session cannot be reached.';
      // A refusal with a reason is final, except by a rate limit; a lost network may recover.
      return reason && reason !== 'RATE_LIMITED' ? { type: 'error', reason, message } : { type: 'lost' };
    }
  }

  private settle(job: Job, outcome: Exclude<Outcome, { type: 'lost' }>): void {
    if (outcome.type === 'done') {
      Object.assign(job, { state: 'done', sentBytes: job.sizeBytes });
      this.options.onArrived();
    } else {
      job.state = outcome.reason === 'CONFLICT' ? 'exists' : 'failed';
      job.why = outcome.message;
    }
  }

  private changed(): void {
    if (this.showing) return;
    this.showing = setTimeout(() => {
      this.showing = null;
      this.shown = this.jobs.map(({ file: _, end: __, replace: ___, ...item }) => item);
      for (const listener of this.listeners) listener();
    }, SHOW_MS);
  }
}
