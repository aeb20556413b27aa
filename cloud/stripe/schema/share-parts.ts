import { createHash } from 'node:crypto';
import type { Shape } from './shape';

/** Replaces repeated parts with references, which makes the file several times smaller. */
export function shareParts(named: Map<string, Shape>): Map<string, Shape> {
  const counts = new Map<string, number>();
  const parts = new Map<string, Shape>();
  const key = (shape: Shape) => createHash('sha256').update(JSON.stringify(shape)).digest('hex').slice(0, 8);

  const rebuild = (shape: Shape, visit: (part: Shape) => Shape): Shape => {
    if (typeof shape === 'string') return shape;
    if ('list' in shape) return { list: visit(shape.list) };
    if ('page' in shape) return { page: visit(shape.page) };
    if ('map' in shape) return { map: visit(shape.map) };
    if ('oneOf' in shape) return { oneOf: shape.oneOf.map(visit) };
    if ('has' in shape)
      return {
        has: Object.fromEntries(Object.entries(shape.has).map(([name, part]) => [name, visit(part)])),
      };
    return shape;
  };
  const isWorthIt = (shape: Shape) => typeof shape !== 'string' && JSON.stringify(shape).length > 40;
  const count = (shape: Shape): Shape => {
    if (isWorthIt(shape)) counts.set(key(shape), (counts.get(key(shape)) ?? 0) + 1);
    return rebuild(shape, count);
  };
  const replace = (shape: Shape): Shape => {
    if (!isWorthIt(shape) || (counts.get(key(shape)) ?? 0) < 2) return rebuild(shape, replace);
    const name = `~${key(shape)}`;
    if (!parts.has(name)) parts.set(name, rebuild(shape, replace));
    return { ref: name };
  };
  for (const shape of named.values()) rebuild(shape, count);
  const whole = new Map([...named].map(([name, shape]) => [name, rebuild(shape, replace)] as const));
  return new Map([...whole, ...[...parts].sort(([a], [b]) => (a < b ? -1 : 1))]);
}
