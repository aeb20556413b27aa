const AWAY = new Set([
  'CONNECT_TIMEOUT',
  'CONNECTION_CLOSED',
  'CONNECTION_ENDED',
  'CONNECTION_DESTROYED',
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ENOTFOUND',
  'ETIMEDOUT',
]);

/** True for lost connections, shutdowns, overload and timeouts of PostgreSQL; false for errors of our own SQL. */
export function isDatabaseAway(error: unknown): boolean {
  const code = String((error as { code?: unknown } | null)?.code ?? '');
  // 08 connection, 53 resources, 57P shutdown, 57014 statement timeout, 55P03 lock timeout, 25P03 idle in transaction
  return AWAY.has(code) || /^(08|53|57P)/.test(code) || ['57014', '55P03', '25P03'].includes(code);
}
