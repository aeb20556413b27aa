/**
 * Throws when an update that a decision stands on has hit no row: somebody changed the run without its account's lock.
 * The transaction is rolled back, so that neither the run nor the books move alone.
 */
export function needHit(hit: readonly unknown[], runId: string): void {
  if (hit.length !== 1) throw new Error(`The run ${runId} is not as its account's lock showed it.`);
}
