import { expect } from 'vitest';
import { waitFor } from '@/scripts/services/processes';

/** Signs in at `appUrl` with a password, then starts a session, waits until it runs, and stops it. Fails where a step does. */
export async function playFirstSession(
  appUrl: string,
  person: { email: string; password: string },
): Promise<void> {
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
  const call = async (path: string, input?: object) => {
    const response = await fetch(`${appUrl}/api/trpc/${path}`, {
      method: input ? 'POST' : 'GET',
      headers: { cookie, origin: appUrl, 'content-type': 'application/json' },
      body: input ? JSON.stringify(input) : undefined,
    });
    const text = await response.text();
    expect(response.status, text).toBe(200);
    return JSON.parse(text).result.data;
  };
  const { id } = await call('session.create', { name: 'first' });
  await call('session.start', { sessionId: id });
  const query = `session.get?input=${encodeURIComponent(JSON.stringify({ sessionId: id }))}`;
  const status = async (wanted: string) => (await call(query)).status === wanted;
  expect(await waitFor(() => status('running'), 30_000, 200)).toBe(true);
  await call('session.stop', { sessionId: id });
  expect(await waitFor(() => status('stopped'), 30_000, 200)).toBe(true);
}
