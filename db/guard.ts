import { isDatabaseAway } from './away';

/**
 * The second line behind the patches of the driver. When PostgreSQL cuts a connection the driver as it is published can fail where
 * nobody can catch it: a timer of its own writes to the socket that is gone, and what it asks by itself on a fresh
 * connection is rejected with nobody listening. Every query of ours on that connection fails and is reported anyway, so
 * these errors must not end a process full of other people's requests.
 */
export function isCutConnection(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const fromDriver = /postgres[\\/](src|cjs[\\/]src)[\\/]connection\.js/.test(error.stack ?? '');
  const lateWrite = error instanceof TypeError && /reading 'write'/.test(error.message);
  return fromDriver && (lateWrite || isDatabaseAway(error));
}

let installed = false;

/** Survives exactly those errors; every other uncaught one is reported and ends the process, as without this guard. */
export function surviveCutConnections(report: (error: unknown, survived: boolean) => void): void {
  if (installed) return;
  installed = true;
  process.on('uncaughtException', (error) => {
    const survived = isCutConnection(error);
    report(error, survived);
    if (!survived) process.exit(1);
  });
}
