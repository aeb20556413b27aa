import { isDatabaseAway } from './away';

/**
 * Backstop for the patches of the driver: recognises the uncaught errors postgres.js can throw from a timer or a
 * handshake after PostgreSQL cut a connection. Their queries have already failed and been reported, so the process may
 * go on.
 */
export function isCutConnection(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const fromDriver = /postgres[\\/](src|cjs[\\/]src)[\\/]connection\.js/.test(error.stack ?? '');
  const lateWrite = error instanceof TypeError && /reading 'write'/.test(error.message);
  return fromDriver && (lateWrite || isDatabaseAway(error));
}

let installed = false;

/**
 * Keeps the process alive on those errors; every other uncaught error is reported and ends the process, as without it.
 */
export function surviveCutConnections(report: (error: unknown, survived: boolean) => void): void {
  if (installed) return;
  installed = true;
  process.on('uncaughtException', (error) => {
    const survived = isCutConnection(error);
    report(error, survived);
    if (!survived) process.exit(1);
  });
}
