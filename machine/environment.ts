import { setTimeout as pause } from 'node:timers/promises';
import type { Config } from './config';

const TRIES = 4;
const TRY_MS = 2_000;

/** Returns the variables of this session from the service; null when the service does not answer within some seconds. */
export async function fetchEnvironment({
  apiUrl,
  runToken,
}: Pick<Config, 'apiUrl' | 'runToken'>): Promise<Record<string, string> | null> {
  for (let tried = 1; ; tried++) {
    try {
      const response = await fetch(`${apiUrl}/api/agent/environment`, {
        method: 'POST',
        headers: { authorization: `Bearer ${runToken}`, 'content-type': 'application/json' },
        body: '{}',
        signal: AbortSignal.timeout(TRY_MS),
      });
      if (response.ok) return ((await response.json()) as { env: Record<string, string> }).env;
    } catch {
      // The loop tries again.
    }
    if (tried === TRIES) return null;
    await pause(250 * tried);
  }
}
