import WebSocket from 'ws';

/** An upload as a page makes it: in pieces, at most a window in flight, continuing after the acknowledged bytes. */

const PIECE = 256 * 1024;
const WINDOW = 4 * 1024 * 1024;

export type UploadOptions = {
  url: string;
  headers: Record<string, string>;
  begin: { path: string; sizeBytes: number; id: string; replace?: boolean };
  /** Returns the bytes from `start` up to `end`. */
  read: (start: number, end: number) => Buffer;
  /** Drops the connection once this many bytes are acknowledged. */
  loseAt?: number;
};

export type Uploaded = { type: string; reason?: string; message?: string; from: number; sent: number };

/** Sends a file; resolves with the machine's last message, or `lost`. */
export function upload({ url, headers, begin, read, loseAt }: UploadOptions): Promise<Uploaded> {
  const ws = new WebSocket(url, ['hourglass'], { headers });
  return new Promise((resolve, reject) => {
    let [from, sent, acknowledged] = [0, 0, 0];
    let last: Omit<Uploaded, 'from' | 'sent'> = { type: 'lost' };
    const more = () => {
      while (sent < begin.sizeBytes && sent - acknowledged < WINDOW) {
        const end = Math.min(begin.sizeBytes, sent + PIECE);
        ws.send(read(sent, end));
        sent = end;
      }
    };
    ws.on('open', () => ws.send(JSON.stringify(begin)));
    ws.on('message', (data) => {
      const said = JSON.parse(data.toString()) as { type: string; offset: number };
      if (said.type === 'ready') from = sent = acknowledged = said.offset;
      else if (said.type === 'ack') acknowledged = said.offset;
      else last = said;
      if (loseAt !== undefined && acknowledged >= loseAt) ws.terminate();
      else if (last.type === 'lost') more();
    });
    ws.on('unexpected-response', (_, response) => reject(new Error(`refused with ${response.statusCode}`)));
    ws.on('error', (error) => {
      if (loseAt === undefined) reject(error);
    });
    ws.on('close', () => resolve({ ...last, from, sent: sent - from }));
  });
}
