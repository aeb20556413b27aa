import type { IncomingHttpHeaders } from 'node:http';

const replayMediaType = 'application/vnd.fly.replay+json';

/** The target that an app chooses for a replay, and the state for the target. */
export interface Replay {
  app?: string;
  instance?: string;
  preferInstance?: string;
  regions?: string[];
  state?: string;
  transform?: {
    path?: string;
    delete_headers?: string[];
    set_headers?: Array<{ name: string; value: string }>;
  };
}

/** Splits `a=b;c="d,e;f"` at the semicolons outside quotes. Values lose their quotes. */
export function parseFields(text: string): Map<string, string> {
  const fields = new Map<string, string>();
  for (const match of text.matchAll(/\s*([^=;\s]+)\s*=\s*(?:"([^"]*)"|([^;]*))\s*(?:;|$)/g)) {
    fields.set((match[1] as string).toLowerCase(), match[2] ?? (match[3] ?? '').trim());
  }
  return fields;
}

function list(text: string | undefined): string[] | undefined {
  return text === undefined ? undefined : text.split(',').map((part) => part.trim());
}

/** Returns the replay in a response's header or JSON body, or null for an ordinary response. */
export function readReplay(headers: IncomingHttpHeaders, body: () => string): Replay | null {
  const header = headers['fly-replay'];
  if (header !== undefined) {
    const fields = parseFields(String(header));
    return {
      app: fields.get('app'),
      instance: fields.get('instance'),
      preferInstance: fields.get('prefer_instance'),
      regions: list(fields.get('region')),
      state: fields.get('state'),
    };
  }
  if (!isReplayBody(headers)) return null;
  const json = JSON.parse(body()) as Record<string, string | undefined> & Pick<Replay, 'transform'>;
  return {
    app: json.app,
    instance: json.instance,
    preferInstance: json.prefer_instance,
    regions: list(json.region),
    state: json.state,
    transform: json.transform,
  };
}

/** Returns whether a response is a replay in JSON form. */
export function isReplayBody(headers: IncomingHttpHeaders): boolean {
  return headers['content-type']?.startsWith(replayMediaType) ?? false;
}
