import type { Auth } from '@/server/account/auth';

/** The default `APP_URL` of the worlds of tests. */
const HOME = 'http://localhost:3000';

/** Posts to a route of the sign-in library as a page of this app would. */
export const askLibrary = (
  auth: Auth,
  path: string,
  body: object,
  headers: Record<string, string> = {},
): Promise<Response> =>
  auth.handler(
    new Request(`${HOME}/api/auth${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin: HOME, ...headers },
      body: JSON.stringify(body),
    }),
  );
