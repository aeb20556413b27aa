import type { Config } from './config';

export type Service = Pick<Config, 'apiUrl' | 'runToken'>;

/** Returns the service's answer to a call of this machine, signed in by its run token. Throws when it cannot be reached. */
export const postToService = (
  { apiUrl, runToken }: Service,
  path: `/api/agent/${string}`,
  body: object,
  signal: AbortSignal,
): Promise<Response> =>
  fetch(`${apiUrl}${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${runToken}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
    signal,
  });
