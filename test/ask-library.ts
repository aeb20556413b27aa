import type { Auth } from '@/server/account/auth';

/** Where the worlds of tests are reached, as `APP_URL` says by default. */
const HOME = 'http://localhost:3000';

/** Posts to a door of the sign-in library as a page of ours would. */
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
