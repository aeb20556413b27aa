import { type WebSocket, WebSocketServer } from 'ws';
import type { Raise } from '../doors/doors';
import { refusalOf } from '../doors/refusal';
import type { Tree } from './tree';
import { beginOf, Upload } from './upload';

/** Pages send pieces of 256 KiB. */
const MOST_MESSAGE_BYTES = 1024 * 1024;
const PING_MS = 15_000;
/** A connection silent for this long is closed. */
const SILENT_MS = 45_000;

/** Uploads over WebSockets, one file per connection: a request with a body of more than 1 MB does not reach the machine. */
export class UploadLines {
  private readonly byId = new Map<string, Upload>();
  private readonly ws = new WebSocketServer({
    noServer: true,
    maxPayload: MOST_MESSAGE_BYTES,
    perMessageDeflate: false,
    handleProtocols: (offered) => (offered.has('hourglass') ? 'hourglass' : false),
  });

  constructor(
    private readonly tree: Tree,
    private readonly worked: () => void,
  ) {}

  raise({ request, socket, head }: Raise): void {
    this.ws.handleUpgrade(request, socket, head, (ws) => {
      let upload: Upload | null = null;
      let id = '';
      ws.on('error', () => {});
      ws.once('message', (data, isBinary) => {
        try {
          const begin = beginOf(isBinary ? '' : data.toString());
          id = begin.id;
          upload = new Upload(this.tree, begin, lineOf(ws));
          void this.follow(ws, id, upload);
        } catch (error) {
          const { reason, message } = refusalOf(error);
          ws.send(JSON.stringify({ type: 'error', reason, message }), () => ws.close(1000));
        }
      });
      ws.once('close', () => {
        if (upload && this.byId.get(id) === upload) this.byId.delete(id);
        void upload?.leave();
      });
      keepAlive(ws);
    });
  }

  /** Lets only the newest connection write a file. Bytes received by the one before are written first. */
  private async follow(ws: WebSocket, id: string, upload: Upload): Promise<void> {
    const before = this.byId.get(id);
    this.byId.set(id, upload);
    ws.on('message', (data, isBinary) => {
      if (isBinary) {
        this.worked();
        upload.take(data as Buffer);
      } else if (data.toString() === '{"type":"cancel"}') upload.cancel();
    });
    await before?.giveWay();
    upload.start();
  }
}

const lineOf = (ws: WebSocket) => ({
  tell: (message: object) => ws.send(JSON.stringify(message)),
  pause: () => ws.pause(),
  resume: () => ws.resume(),
  close: () => {
    // The client's close frame has to be read too.
    ws.resume();
    ws.close(1000);
  },
});

function keepAlive(ws: WebSocket): void {
  let heardAt = performance.now();
  const heard = () => {
    heardAt = performance.now();
  };
  ws.on('message', heard);
  ws.on('pong', heard);
  const look = setInterval(() => {
    if (performance.now() - heardAt > SILENT_MS) ws.terminate();
    else ws.ping();
  }, PING_MS);
  ws.once('close', () => clearInterval(look));
}
