import { setTimeout as pause } from 'node:timers/promises';
import { postToService, type Service } from './post';

const TRIES = 4;
const TRY_MS = 2_000;

/** Returns the variables of this session from the service; null when the service does not answer within some seconds. */
export async function fetchEnvironment(service: Service): Promise<Record<string, string> | null> {
  for (let tried = 1; ; tried++) {
    try {
      const signal = AbortSignal.timeout(TRY_MS);
      const response = await postToService(service, '/api/agent/environment', {}, signal);
      if (response.ok) return ((await response.json()) as { env: Record<string, string> }).env;
    } catch {
      // The loop tries again.
    }
    if (tried === TRIES) return null;
    await pause(250 * tried);
  }
}
