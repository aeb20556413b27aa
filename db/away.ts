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
  // Statement timeout, lock timeout, idle in transaction, and a read-only server, as a former primary is.
  '57014',
  '55P03',
  '25P03',
  '25006',
]);

/** Libraries wrap the driver's errors in `cause`; none nests deeper than this. */
const MAX_CAUSE_DEPTH = 5;

/**
 * Whether an error means that PostgreSQL is unreachable: lost connections, shutdowns, overload and timeouts. False for
 * errors of the statement itself.
 */
export function isDatabaseAway(error: unknown): boolean {
  let current = error;
  for (let depth = 0; depth < MAX_CAUSE_DEPTH && current; depth++) {
    if (isAway(current)) return true;
    current = (current as { cause?: unknown }).cause;
  }
  return false;
}

function isAway(error: unknown): boolean {
  const { code, name, severity } = error as { code?: unknown; name?: unknown; severity?: unknown };
  // Every error with which PostgreSQL refuses or ends a connection, such as 55000 "not currently accepting
  // connections".
  if (name === 'PostgresError' && (severity === 'FATAL' || severity === 'PANIC')) return true;
  // Class 08 is connection, 53 resources, 57P shutdown.
  return AWAY.has(String(code)) || /^(08|53|57P)/.test(String(code));
}
