import { type Ctx, failClosed } from '../../context';
import { DomainError } from '../../errors';
import type { Port } from '../../port-shapes';
import { portOriginOf } from '../../ports-url';
import type { Grant } from '../../run/grants';
import { connectSession } from '../connect';
import { LINK_PARAMETER, portLinkOf } from './pass';

type Listed = { port: number; process: string | null };

const TIMEOUT_MS = 5_000;

/**
 * Returns the ports of a running session, lowest first: those on which a program listens, and those that are shared.
 * Throws NOT_FOUND, NOT_RUNNING, PROVIDER_UNAVAILABLE while the machine cannot be asked.
 */
export async function listPorts(
  ctx: Ctx,
  input: { accountId: string; sessionId: string; grant: Grant },
): Promise<Port[]> {
  const { sessionId } = input;
  const { url, token } = await connectSession(ctx, { ...input, door: 'ports' });
  const [listening, shares] = await Promise.all([
    askMachine(`${url}/list`, token),
    failClosed(
      () => ctx.sql<{ id: string; port: number }[]>`
        select id, port from port_share where session_id = ${sessionId}`,
      ctx.log,
    ),
  ]);
  const shareOf = new Map(shares.map(({ id, port }) => [port, id]));
  const found = new Map(listening.map(({ port, process }) => [port, process]));
  return [...new Set([...found.keys(), ...shareOf.keys()])]
    .sort((a, b) => a - b)
    .map((port) => ({
      port,
      process: found.get(port) ?? null,
      isListening: found.has(port),
      url: portUrlOf(ctx.env, { sessionId, port, shareId: shareOf.get(port) ?? null }),
      access: shareOf.has(port) ? 'link' : 'private',
    }));
}

/** Returns the address of a port; of a shared one, the link. */
export function portUrlOf(
  env: Pick<Ctx['env'], 'PORTS_URL' | 'AUTH_SECRET'>,
  { sessionId, port, shareId }: { sessionId: string; port: number; shareId: string | null },
): string {
  const origin = portOriginOf(env.PORTS_URL, sessionId, port);
  if (shareId === null) return `${origin}/`;
  return `${origin}/?${LINK_PARAMETER}=${portLinkOf(env.AUTH_SECRET, { id: shareId, sessionId, port })}`;
}

async function askMachine(url: string, token: string): Promise<Listed[]> {
  const headers = { authorization: `Bearer ${token}` };
  try {
    const response = await fetch(url, { headers, signal: AbortSignal.timeout(TIMEOUT_MS) });
    if (response.ok) return ((await response.json()) as { items: Listed[] }).items;
  } catch {
    // The error is thrown below.
  }
  throw new DomainError(
    'PROVIDER_UNAVAILABLE',
    'The machine cannot be reached right now. Try again in a moment.',
  );
}
