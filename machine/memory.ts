import { writeFileSync } from 'node:fs';

/** On a scale up to 1,000: above every process without an adjustment of its own. */
const KILLED_FIRST = 500;

/**
 * Makes a user's process, and the processes it starts from then on, the kernel's first choice when memory is short, so
 * that the agent, which keeps the lease, is not ended instead. Does nothing where the system has no such adjustment.
 */
export function killFirst(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    writeFileSync(`/proc/${pid}/oom_score_adj`, String(KILLED_FIRST));
  } catch {
    // Not Linux, or the process has ended.
  }
}
