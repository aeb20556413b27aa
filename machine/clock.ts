/**
 * Returns this machine's monotonic clock in ms. Leases are durations on this clock, so no change of the wall clock can
 * lengthen one. The clock stands still while a virtual machine is suspended; ours are never suspended, only stopped for
 * good.
 */
export const monotonicMs = (): number => Number(process.hrtime.bigint() / 1000n) / 1000;

/** Returns when this process started, on that clock: before its first line ran, however long loading took. */
export const bornMs = (): number => monotonicMs() - process.uptime() * 1000;
