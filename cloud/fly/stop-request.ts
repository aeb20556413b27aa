import { parseGoDuration } from './duration';
import { FlyError } from './fly-error';
import type { MachineConfig } from './records';

const signals = ['SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGKILL', 'SIGUSR1', 'SIGUSR2', 'SIGTERM'];

/** Checks a stop_config or the body of a stop. Throws Fly's 400. */
export function checkStopConfig(
  value: { signal?: unknown; timeout?: unknown } | undefined,
  name: string,
): void {
  if (value?.signal !== undefined && !signals.includes(String(value.signal))) {
    throw new FlyError(400, `invalid_argument: invalid ${name}.signal '${String(value.signal)}'`);
  }
  if (value?.timeout === undefined) return;
  const ms = parseGoDuration(value.timeout);
  if (ms === null) throw new FlyError(400, `invalid_argument: invalid ${name}.timeout`);
  if (ms > 300_000) throw new FlyError(400, 'invalid stop_config.timeout, cannot exceed 5 minutes');
}

/** Returns the signal and the timeout of a stop: from the request, then the machine's config, then SIGINT and 5 s. */
export function stopRequest(
  config: MachineConfig,
  body: { signal?: string; timeout?: string | number },
): { signal: string; timeoutMs: number } {
  const timeout = parseGoDuration(body.timeout) ?? parseGoDuration(config.stop_config?.timeout) ?? 5000;
  return { signal: body.signal ?? config.stop_config?.signal ?? 'SIGINT', timeoutMs: timeout };
}
