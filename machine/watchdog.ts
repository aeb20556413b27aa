import { Worker } from 'node:worker_threads';

/**
 * Enforces the hard end on a thread of its own, which a blocked event loop cannot delay. The process is killed without a
 * message, so the ordinary end has to be faster.
 */
const CODE = `
const { workerData } = require('node:worker_threads');
const endAt = new BigInt64Array(workerData.shared);
setInterval(() => {
  const at = Atomics.load(endAt, 0);
  if (at > 0n && process.hrtime.bigint() / 1000n >= at) process.kill(process.pid, 'SIGKILL');
}, 25);
`;

export type Watchdog = { endAt(monotonicMs: number): void };

/**
 * Starts the watchdog, which does nothing until an end is set. A thread that fails is logged: the agent's own timers still
 * end the machine.
 */
export function startWatchdog(log: (text: string) => void): Watchdog {
  const shared = new SharedArrayBuffer(8);
  const micros = new BigInt64Array(shared);
  const worker = new Worker(CODE, { eval: true, workerData: { shared } });
  worker.unref();
  worker.on('error', (error) => log(`the watchdog of the lease's end failed: ${error.message}`));
  return { endAt: (ms) => void Atomics.store(micros, 0, BigInt(Math.round(ms * 1000))) };
}
