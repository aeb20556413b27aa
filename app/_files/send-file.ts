import type { Way } from './files-client';

/** The size of a piece, and how many bytes may be sent without an acknowledgement. */
const PIECE_BYTES = 256 * 1024;
const WINDOW_BYTES = 4 * 1024 * 1024;
/** A connection without an acknowledgement for this long is closed. */
const SILENT_MS = 30_000;

/** The reason of an abort when the page is left: the bytes sent so far are kept. */
export const LEFT = 'left';

export type Sending = {
  path: string;
  file: Blob;
  /** The same for the same file dropped again, so that its upload continues. */
  id: string;
  replace: boolean;
};

export type Outcome =
  | { type: 'done' }
  | { type: 'error'; reason: string; message: string }
  | { type: 'lost' };

/**
 * Sends one file over one connection, from where an earlier one ended. Resolves with `lost` when the connection breaks,
 * for the caller to try again. Only the pieces under way are in memory.
 */
export async function sendFile(
  { url, token }: Way,
  sending: Sending,
  onProgress: (bytes: number) => void,
  signal: AbortSignal,
): Promise<Outcome> {
  const socket = new WebSocket(`${url.replace(/^http/, 'ws')}/upload`, ['hourglass', `token.${token}`]);
  socket.binaryType = 'arraybuffer';
  const line = new Line(socket, sending, onProgress);
  // A user who leaves the page may come back and continue; a cancelled upload is discarded.
  const cancel = () => (signal.reason === LEFT ? socket.close() : line.cancel());
  signal.addEventListener('abort', cancel);
  if (signal.aborted) cancel();
  return line.outcome.finally(() => signal.removeEventListener('abort', cancel));
}

type Message =
  | { type: 'ready' | 'ack'; offset: number }
  | { type: 'done' }
  | { type: 'error'; reason: string; message: string };

class Line {
  readonly outcome: Promise<Outcome>;
  private sent = 0;
  private acknowledged = 0;
  private isSending = false;
  private last: Outcome = { type: 'lost' };
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly socket: WebSocket,
    private readonly sending: Sending,
    private readonly onProgress: (bytes: number) => void,
  ) {
    const { path, file, id, replace } = sending;
    socket.onopen = () => socket.send(JSON.stringify({ path, sizeBytes: file.size, id, replace }));
    socket.onmessage = ({ data }) => void this.hear(JSON.parse(data as string) as Message);
    this.outcome = new Promise((resolve) => {
      socket.onclose = () => {
        clearTimeout(this.timer);
        resolve(this.last);
      };
    });
    this.watch();
  }

  cancel(): void {
    if (this.socket.readyState === WebSocket.OPEN) this.socket.send('{"type":"cancel"}');
    else this.socket.close();
  }

  private watch(): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.socket.close();
      // On a dead network no close event follows.
      this.socket.onclose?.(new CloseEvent('close'));
    }, SILENT_MS);
  }

  private async hear(message: Message): Promise<void> {
    this.watch();
    if (message.type === 'done' || message.type === 'error') {
      this.last = message;
      if (message.type === 'done') this.onProgress(this.sending.file.size);
      return;
    }
    if (message.type === 'ready') this.sent = message.offset;
    this.acknowledged = message.offset;
    this.onProgress(message.offset);
    await this.send();
  }

  private async send(): Promise<void> {
    if (this.isSending) return;
    this.isSending = true;
    try {
      const { file } = this.sending;
      while (this.sent < file.size && this.sent - this.acknowledged < WINDOW_BYTES) {
        const end = Math.min(file.size, this.sent + PIECE_BYTES);
        const piece = await file.slice(this.sent, end).arrayBuffer();
        if (this.socket.readyState !== WebSocket.OPEN) return;
        this.socket.send(piece);
        this.sent = end;
      }
    } catch {
      const message = 'The file cannot be read any more. It may have been moved or changed.';
      this.last = { type: 'error', reason: 'UNREADABLE', message };
      this.socket.close();
    } finally {
      this.isSending = false;
    }
  }
}

/** Returns an id that is the same for the same file and target, also after a reload. */
export async function uploadIdOf(sessionId: string, path: string, file: File): Promise<string> {
  const text = `${sessionId}\n${path}\n${file.size}\n${file.lastModified}`;
  const hash = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text));
  return [...new Uint8Array(hash).subarray(0, 16)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}
