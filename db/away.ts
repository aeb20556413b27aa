const AWAY = new Set([
  'CONNECT_TIMEOUT',
  'CONNECTION_CLOSED',
  'CONNECTION_ENDED',
  'CONNECTION_DESTROYED',
  'QUERY_TIMEOUT',
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EAI_AGAIN',
  'EPIPE',
  'ENOTFOUND',
  'ETIMEDOUT',
  // statement timeout, lock timeout, idle in transaction, and a server that only reads, as a former primary does
  '57014',
  '55P03',
  '25P03',
  '25006',
]);

/** Libraries wrap what the driver throws; deeper than this nobody does. */
const MOST_WRAPPINGS = 5;

/** True for lost connections, shutdowns, overload and timeouts of PostgreSQL; false for errors of our own SQL. */
export function isDatabaseAway(error: unknown): boolean {
  let current = error;
  for (let depth = 0; depth < MOST_WRAPPINGS && current; depth++) {
    if (isAway(current)) return true;
    current = (current as { cause?: unknown }).cause;
  }
  return false;
}

function isAway(error: unknown): boolean {
  const { code, name, severity } = error as { code?: unknown; name?: unknown; severity?: unknown };
  // Whatever PostgreSQL says as it refuses or ends a connection, such as 55000 "not currently accepting connections".
  if (name === 'PostgresError' && (severity === 'FATAL' || severity === 'PANIC')) return true;
  // 08 connection, 53 resources, 57P shutdown
  return AWAY.has(String(code)) || /^(08|53|57P)/.test(String(code));
}
