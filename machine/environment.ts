import { setTimeout as pause } from 'node:timers/promises';
import type { Config } from './config';

const TRIES = 4;
const TRY_MS = 2_000;

/** Asks the service for the variables of this session. Returns null when it cannot be asked within some seconds. */
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
      // Asked again below.
    }
    if (tried === TRIES) return null;
    await pause(250 * tried);
  }
}
