import type { Json } from './fill';
import { resolveShape, shapeOf } from './load';
import type { Shape } from './shape';

/** Returns the differences between a response or event and the SDK's types. Of a list, each member is checked. */
export function faultsOf(answer: Json): string[] {
  if (answer.object === 'list') return (answer.data as Json[]).flatMap(faultsOf);
  const faults = checkShape(`${answer.deleted === true ? 'deleted_' : ''}${answer.object}`, answer);
  if (answer.object !== 'event') return faults;
  return [...faults, ...faultsOf((answer.data as { object: Json }).object)];
}

/**
 * Returns one sentence with a path per difference between a value and a shape; empty when the value fits. Enums are
 * closed even where the SDK leaves them open, because the local Stripe returns only known words.
 */
export function checkShape(name: string, value: unknown): string[] {
  return check(shapeOf(name), value, name);
}

function check(given: Shape, value: unknown, path: string): string[] {
  const shape = resolveShape(given);
  if (typeof shape === 'string') return checkPlain(shape, value, path);
  if ('enum' in shape) {
    const fits = typeof value === 'string' && shape.enum.includes(value);
    return fits ? [] : [`${path}: ${show(value)} is not one of ${shape.enum.slice(0, 8).join(', ')}`];
  }
  if ('is' in shape) return value === shape.is ? [] : [`${path}: expected ${shape.is}, got ${show(value)}`];
  if ('oneOf' in shape) return checkOneOf(shape.oneOf, value, path);
  if ('list' in shape) return checkList(shape.list, value, path);
  if ('page' in shape) return checkPage(shape.page, value, path);
  if (!isObject(value)) return [`${path}: expected an object, got ${show(value)}`];
  if ('kind' in shape) return value.object === shape.kind ? [] : [`${path}: expected a ${shape.kind}`];
  if ('map' in shape)
    return Object.entries(value).flatMap(([key, part]) => check(shape.map, part, `${path}.${key}`));
  return 'has' in shape ? checkFields(shape.has, value, path) : [];
}

function checkPlain(shape: string, value: unknown, path: string): string[] {
  if (shape === 'any') return [];
  const fits = shape === 'null' ? value === null : typeof value === shape;
  return fits ? [] : [`${path}: expected ${shape}, got ${show(value)}`];
}

function checkOneOf(shapes: Shape[], value: unknown, path: string): string[] {
  const faults = shapes.map((shape) => check(shape, value, path));
  if (faults.some((found) => found.length === 0)) return [];
  // The alternative with the deepest fault explains the mismatch best.
  return faults.reduce((best, found) => (depth(found) > depth(best) ? found : best));
}

const depth = (faults: string[]) =>
  Math.max(...faults.map((fault) => fault.split(':')[0]?.split('.').length ?? 0));

function checkList(item: Shape, value: unknown, path: string): string[] {
  if (!Array.isArray(value)) return [`${path}: expected a list, got ${show(value)}`];
  return value.flatMap((part, index) => check(item, part, `${path}.${index}`));
}

function checkPage(item: Shape, value: unknown, path: string): string[] {
  if (!isObject(value) || value.object !== 'list') return [`${path}: expected a page of a list`];
  const { data, has_more, url } = value;
  if (typeof has_more !== 'boolean' || typeof url !== 'string')
    return [`${path}: has_more or url is missing`];
  return checkList(item, data, `${path}.data`);
}

function checkFields(has: Record<string, Shape>, value: Record<string, unknown>, path: string): string[] {
  const faults: string[] = [];
  const known = new Set<string>();
  for (const [key, shape] of Object.entries(has)) {
    const optional = key.endsWith('?');
    const name = optional ? key.slice(0, -1) : key;
    known.add(name);
    if (value[name] === undefined) {
      if (!optional) faults.push(`${path}.${name}: is missing`);
    } else faults.push(...check(shape, value[name], `${path}.${name}`));
  }
  for (const name of Object.keys(value)) {
    if (!known.has(name)) faults.push(`${path}.${name}: is not a field of this object`);
  }
  return faults;
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const show = (value: unknown) => JSON.stringify(value)?.slice(0, 60) ?? 'undefined';
