/** What `withTimeout` answers when the work took too long. */
export const LATE = Symbol('late');

/** Returns what the work does, or LATE after `ms`; what comes of it later, an error too, is then nobody's concern. */
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
