import type { HourglassClient } from '@/client';

/** The client of one session's files, which calls the session's machine through the gateway. */

export type Kind = 'file' | 'folder' | 'link' | 'other';
export type Entry = {
  name: string;
  /** Percent-encoded, relative to the workspace. */
  path: string;
  kind: Kind;
  leadsTo?: Kind | null;
  sizeBytes: number;
  modifiedAt: string;
};
export type Page = { items: Entry[]; nextCursor: string | null; isCut: boolean };
export type Way = { url: string; token: string; expiresAt: string };

/** A refusal by the machine or the gateway, with its message. */
export class FilesRefusal extends Error {
  constructor(
    readonly reason: string,
    message: string,
  ) {
    super(message);
  }
}

/** A token is renewed this long before it expires. */
const MARGIN_MS = 15_000;

type Connect = Pick<HourglassClient, 'session'>;
type Init = { method?: string; body?: BodyInit; headers?: Record<string, string>; signal?: AbortSignal };

export class FilesClient {
  private way: Promise<Way> | null = null;
  private goodUntil = 0;

  constructor(
    private readonly client: Connect,
    private readonly sessionId: string,
  ) {}

  /**
   * Returns the URL and a token for the machine, kept while the token is valid. Throws what `session.connect` throws.
   */
  connect(): Promise<Way> {
    if (this.way && Date.now() < this.goodUntil) return this.way;
    this.goodUntil = Date.now() + 60_000 - MARGIN_MS;
    this.way = this.client.session.connect.mutate({ sessionId: this.sessionId, door: 'files' });
    this.way.catch(() => this.forget());
    return this.way;
  }

  /** Drops the token; the next request fetches a new one. */
  forget(): void {
    this.way = null;
  }

  /** Throws FilesRefusal, or what `session.connect` throws. */
  private async ask(verb: string, init: Init = {}, isAgain = false): Promise<Response> {
    const { url, token } = await this.connect();
    const headers = { authorization: `Bearer ${token}`, ...init.headers };
    const response = await fetch(`${url}/${verb}`, { ...init, headers });
    if (response.ok) return response;
    const body = (await response.json().catch(() => null)) as { error?: FilesRefusal } | null;
    if (response.status === 401 && !isAgain) {
      this.forget();
      return this.ask(verb, init, true);
    }
    const { reason = 'FAILED', message = 'The machine cannot be reached right now. Try again.' } =
      body?.error ?? {};
    throw new FilesRefusal(reason, message);
  }

  private async post<T>(verb: string, fields: object): Promise<T> {
    const headers = { 'content-type': 'application/json' };
    return (await this.ask(verb, { method: 'POST', headers, body: JSON.stringify(fields) })).json();
  }

  list = (path: string, cursor: string | null): Promise<Page> => this.post('list', { path, cursor });
  make = (path: string) => this.post('make', { path });
  move = (from: string, to: string) => this.post('move', { from, to });
  remove = (path: string): Promise<{ trashId: string }> => this.post('remove', { path });
  restore = (trashId: string, path: string) => this.post('restore', { trashId, path });

  /** Returns the first `most` bytes of a file, and its ETag. */
  async read(path: string, most: number): Promise<{ bytes: Uint8Array<ArrayBuffer>; etag: string }> {
    const response = await this.ask(`read?path=${encodeURIComponent(path)}`, {
      // An empty file has no first byte, so the range is refused.
      headers: { range: `bytes=0-${most - 1}` },
    }).catch((error: unknown) => {
      if (error instanceof FilesRefusal && error.message.startsWith('The file has 0 bytes'))
        return this.ask(`read?path=${encodeURIComponent(path)}`);
      throw error;
    });
    return {
      bytes: new Uint8Array(await response.arrayBuffer()),
      etag: response.headers.get('etag') ?? '',
    };
  }

  /** Replaces the file if its ETag is still `etag`; with null, replaces any file. Returns the new ETag. */
  async write(path: string, text: string, etag: string | null): Promise<string> {
    const response = await this.ask(`write?path=${encodeURIComponent(path)}`, {
      method: 'PUT',
      body: text,
      headers: etag ? { 'if-match': etag } : {},
    });
    return ((await response.json()) as { etag: string }).etag;
  }

  /** Lets the browser save a file, or a folder as an archive; the content streams to disk without passing through a script. */
  async download(path: string, verb: 'read' | 'archive'): Promise<void> {
    this.forget();
    const { url, token } = await this.connect();
    const form = document.createElement('form');
    form.method = 'POST';
    form.action = `${url}/${verb}`;
    for (const [name, value] of Object.entries({ token, path })) {
      const field = document.createElement('input');
      Object.assign(field, { type: 'hidden', name, value });
      form.append(field);
    }
    document.body.append(form);
    form.submit();
    form.remove();
  }
}
