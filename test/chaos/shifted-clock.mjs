/**
 * Loaded before a program (`--import …/shifted-clock.mjs?ms=N`): its clock, and the file times it reads, are N ms ahead
 * of the computer's. Timers and monotonic clocks are unchanged.
 */
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

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

const { statSync } = fs;
fs.statSync = (...args) => {
  const found = statSync(...args);
  if (found && typeof found.mtimeMs === 'number') {
    found.mtimeMs += shiftMs;
    found.mtime = new Real(found.mtimeMs);
  }
  return found;
};
syncBuiltinESMExports();
