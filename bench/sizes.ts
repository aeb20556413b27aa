/**
 * With BENCH_QUICK=1 (`npm run bench -- --quick`) a benchmark takes seconds and only shows that it works; its figures
 * mean nothing.
 */
const isQuick = process.env.BENCH_QUICK === '1';

/** Returns a size of a benchmark: the environment variable `name`, or else `quick` or `usual`. */
export const sizeOf = (name: string, usual: number, quick: number): number =>
  Number(process.env[name] ?? (isQuick ? quick : usual));

/** Returns a list of sizes, as `sizeOf` returns one. */
export const sizesOf = (name: string, usual: string, quick: string): number[] =>
  (process.env[name] ?? (isQuick ? quick : usual)).split(',').map(Number);
