import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Ctx } from '@/server/context';
import { type ConnectClaim, replayStateOf } from '@/server/run/tokens';
import { plain } from './plain';

/** What every door of the gateway answers with: the machine to replay a request to, or a refusal. */
export type Refusal = { status: number; reason: string; message: string };
export type Answer = { replay: string } | Refusal;

/** How long the state sent along with a replay is valid, by this process's clock. */
const STATE_LIFE_MS = 60_000;

type Found = { app: string; machineId: string };
type Claim = Pick<ConnectClaim, 'runId' | 'grant'>;

/** Returns the replay of a request to a machine, with a state that opens one door of it for STATE_LIFE_MS. */
export function replayTo(
  { env, clock }: Pick<Ctx, 'env' | 'clock'>,
  { app, machineId }: Found,
  claim: Claim,
  door?: Parameters<typeof replayStateOf>[3],
): { replay: string } {
  const state = replayStateOf(env.AUTH_SECRET, claim, clock.now() + STATE_LIFE_MS, door);
  return { replay: `app=${app};instance=${machineId};state=${state}` };
}

export const TOO_MANY: Refusal = {
  status: 429,
  reason: 'RATE_LIMITED',
  message: 'Too many requests within a minute. Try again in a moment.',
};
export const UNKNOWN: Refusal = {
  status: 503,
  reason: 'QUOTA_UNAVAILABLE',
  message: 'The session cannot be looked up right now. Try again.',
};

/** Answers a request; a refusal is JSON. */
export function send(response: ServerResponse, answer: Answer, headers: Record<string, string> = {}): void {
  if ('replay' in answer) {
    response.writeHead(200, { 'fly-replay': answer.replay, 'content-length': '0' }).end();
    return;
  }
  const { status, reason, message } = answer;
  const type = { 'content-type': 'application/json', 'cache-control': 'no-store' };
  response.writeHead(status, { ...headers, ...type }).end(JSON.stringify({ error: { reason, message } }));
}

/** Answers an upgrade; a refusal is its status alone. */
export function sendUpgrade(socket: Duplex, answer: Answer): void {
  if ('replay' in answer) plain(socket, 200, { 'fly-replay': answer.replay });
  else plain(socket, answer.status);
}

/** Returns the token in the subprotocol list of an upgrade. Proxies log URLs, so a token in the URL is ignored. */
export function offeredToken(request: IncomingMessage): string {
  const offered = (request.headers['sec-websocket-protocol'] ?? '').split(',').map((text) => text.trim());
  return offered.find((text) => text.startsWith('token.'))?.slice('token.'.length) ?? '';
}

/** Returns the body as text; null when it is longer than `maxChars` or its connection was lost. */
export async function readText(request: IncomingMessage, maxChars: number): Promise<string | null> {
  let text = '';
  try {
    for await (const chunk of request) {
      text += chunk;
      if (text.length > maxChars) return null;
    }
  } catch {
    return null;
  }
  return text;
}
