/**
 * Throws when the update behind a decision has hit no row, because the run was changed without its account's lock. The
 * transaction is rolled back, so that run and books never change alone.
 */
export function needHit(hit: readonly unknown[], runId: string): void {
  if (hit.length !== 1) throw new Error(`The run ${runId} is not as its account's lock showed it.`);
}
