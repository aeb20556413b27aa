/**
 * Loaded before a program (`--import …/shifted-clock.mjs?ms=N`): its clock is N ms ahead of the computer's. Timers and monotonic
 * clocks are as ever.
 */
const shiftMs = Number(new URL(import.meta.url).searchParams.get('ms') ?? 0);
const Real = globalThis.Date;
const now = () => Real.now() + shiftMs;

const Shifted = new Proxy(Real, {
  construct: (target, args, made) => Reflect.construct(target, args.length === 0 ? [now()] : args, made),
  apply: () => new Real(now()).toString(),
  get: (target, name) => (name === 'now' ? now : Reflect.get(target, name)),
});
Real.prototype.constructor = Shifted;
globalThis.Date = Shifted;
