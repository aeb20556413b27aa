/** With BENCH_QUICK=1 (`npm run bench -- --quick`) a benchmark only shows that it works: seconds, and figures that say nothing. */
const isQuick = process.env.BENCH_QUICK === '1';

/** A size of a benchmark: what the variable `name` says, or else `quick` or `usual`. */
export const sizeOf = (name: string, usual: number, quick: number): number =>
  Number(process.env[name] ?? (isQuick ? quick : usual));

/** As `sizeOf`, for a list of sizes. */
export const sizesOf = (name: string, usual: string, quick: string): number[] =>
  (process.env[name] ?? (isQuick ? quick : usual)).split(',').map(Number);
