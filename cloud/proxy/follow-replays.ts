import type { Fly } from '../fly/route';
import { findTarget, type Target } from './find-target';
import { ProxyError } from './proxy-error';
import { isReplayBody, readReplay } from './read-replay';
import { replayedHeaders } from './request-headers';
import { type Incoming, type Outgoing, readAll, sendRequest } from './send-request';

const maxReplays = 10;

/**
 * Sends a request to the first target and follows the replays in the responses. Resolves with the first response
 * that is not a replay; from then on only its target is in the path. Throws ProxyError.
 */
export async function followReplays(
  fly: Fly,
  first: Target,
  request: Outgoing,
  gone: AbortSignal,
): Promise<Incoming> {
  let target = first;
  let outgoing = request;
  for (let replays = 0; ; replays++) {
    const incoming = await sendRequest(target, outgoing, gone);
    if (incoming.upgraded) return incoming;
    const { response } = incoming;
    const json = isReplayBody(response.headers) ? (await readAll(response)).toString() : '';
    const replay = readReplay(response.headers, () => json);
    if (!replay) return incoming;
    response.resume();
    if (outgoing.rest) throw new ProxyError(502, 'PA01', 'cannot replay a request with a body over 1 MB');
    if (replays >= maxReplays) throw new ProxyError(502, 'PA02', 'the request was replayed too often');
    const next = await findTarget(fly, replay, target);
    const path = replay.transform?.path ?? outgoing.path;
    outgoing = { ...outgoing, path, headers: replayedHeaders(outgoing.headers, replay, target) };
    target = next;
  }
}
