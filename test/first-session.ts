import { expect } from 'vitest';
import { waitFor } from '@/scripts/services/processes';

// biome-ignore lint/suspicious/noExplicitAny: tests read what the server answers, and expect() checks it
type Call = (path: string, input?: object) => Promise<any>;

/**
 * Signs in at `appUrl` with a password; returns a function that calls procedures as that browser would. Throws when
 * either fails.
 */
export async function callAs(appUrl: string, person: { email: string; password: string }): Promise<Call> {
  const signedIn = await fetch(`${appUrl}/api/auth/sign-in/email`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin: appUrl },
    body: JSON.stringify(person),
  });
  expect(signedIn.status).toBe(200);
  const cookie = signedIn.headers
    .getSetCookie()
    .map((line) => line.split(';')[0])
    .join('; ');
  return async (path, input) => {
    const response = await fetch(`${appUrl}/api/trpc/${path}`, {
      method: input ? 'POST' : 'GET',
      headers: { cookie, origin: appUrl, 'content-type': 'application/json' },
      body: input ? JSON.stringify(input) : undefined,
    });
    const text = await response.text();
    expect(response.status, text).toBe(200);
    return JSON.parse(text).result.data;
  };
}

/** Starts a session and waits until it runs; returns its id. Throws when a step fails. */
export async function startFirstSession(call: Call): Promise<string> {
  const { id } = await call('session.create', { name: 'first' });
  await call('session.start', { sessionId: id });
  await untilStatus(call, id, 'running');
  return id;
}

/** Stops a session and waits until it has stopped. Throws when a step fails. */
export async function stopFirstSession(call: Call, id: string): Promise<void> {
  await call('session.stop', { sessionId: id });
  await untilStatus(call, id, 'stopped');
}

async function untilStatus(call: Call, id: string, wanted: string): Promise<void> {
  const query = `session.get?input=${encodeURIComponent(JSON.stringify({ sessionId: id }))}`;
  const isThere = async () => (await call(query)).status === wanted;
  expect(await waitFor(isThere, 30_000, 200)).toBe(true);
}

/** Signs in, starts a session, waits until it runs, and stops it. Throws when a step fails. */
export async function playFirstSession(
  appUrl: string,
  person: { email: string; password: string },
): Promise<void> {
  const call = await callAs(appUrl, person);
  await stopFirstSession(call, await startFirstSession(call));
}
