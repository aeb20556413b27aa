/**
 * The postgres driver can write to a socket that PostgreSQL has just cut, from a timer of its own: an exception nobody
 * can catch where it happens. The query behind it fails and is reported anyway, so this one error must not end a
 * process full of other people's requests.
 */
export function isCutSocketWrite(error: unknown): boolean {
  if (!(error instanceof TypeError)) return false;
  const fromDriver = /postgres[\\/](src|cjs[\\/]src)[\\/]connection\.js/.test(error.stack ?? '');
  return fromDriver && /reading 'write'/.test(error.message);
}

let installed = false;

/** Survives exactly that error; every other uncaught one is reported and ends the process, as without this guard. */
export function surviveCutSockets(report: (error: unknown, survived: boolean) => void): void {
  if (installed) return;
  installed = true;
  process.on('uncaughtException', (error) => {
    const survived = isCutSocketWrite(error);
    report(error, survived);
    if (!survived) process.exit(1);
  });
}
