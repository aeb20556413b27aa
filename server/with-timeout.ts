/** The result of `withTimeout` when the work took too long. */
export const LATE = Symbol('late');

/** Returns the result of the work, or LATE after `ms`. A later result or error is ignored. */
export async function withTimeout<T>(work: Promise<T>, ms: number): Promise<T | typeof LATE> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<typeof LATE>((resolve) => {
    timer = setTimeout(() => resolve(LATE), ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
