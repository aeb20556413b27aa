import type { Json } from '../schema/fill';
import { resolveShape, shapeOf } from '../schema/load';
import type { Shape } from '../schema/shape';
import { Failure } from '../store/failure';
import type { FormTree, FormValue } from './wire';

const NONE = Symbol('does not fit');

function fault(message: string, param: string, code?: string): Failure {
  return new Failure(400, { type: 'invalid_request_error', message, param, ...(code ? { code } : {}) }, true);
}

/**
 * Converts form strings to the values that the SDK's parameter type describes. Throws a Failure for unknown, missing
 * or ill-typed parameters.
 */
export function readParams(name: string | null, tree: FormTree): Json {
  const shape: Shape = name ? resolveShape(shapeOf(name)) : { has: { 'expand?': { list: 'string' } } };
  if (typeof shape === 'string' || !('has' in shape))
    throw new Error(`${name} does not describe parameters.`);
  return readFields(shape.has, tree, '');
}

function readFields(has: Record<string, Shape>, tree: FormTree, path: string): Json {
  const values: Json = {};
  const at = (name: string) => (path ? `${path}[${name}]` : name);
  for (const [name, value] of Object.entries(tree)) {
    const shape = has[name] ?? has[`${name}?`];
    if (shape === undefined)
      throw fault(`Received unknown parameter: ${at(name)}`, at(name), 'parameter_unknown');
    values[name] = readValue(shape, value, at(name));
  }
  for (const name of Object.keys(has)) {
    if (!name.endsWith('?') && values[name] === undefined) {
      throw fault(`Missing required param: ${at(name)}.`, at(name), 'parameter_missing');
    }
  }
  return values;
}

function readValue(given: Shape, value: FormValue, path: string): unknown {
  const shape = resolveShape(given);
  if (typeof shape !== 'string' && 'oneOf' in shape) return readOneOf(shape.oneOf, value, path);
  if (typeof value === 'string') {
    const read = readText(shape, value);
    if (read !== NONE) return read;
    // An empty string unsets any parameter.
    if (value === '') return '';
    throw misfit(shape, value, path);
  }
  if (typeof shape === 'string') {
    if (shape === 'any') return value;
    throw fault(`Invalid ${path}: expected a plain value.`, path);
  }
  if ('list' in shape) return readList(shape.list, value, path);
  if ('map' in shape) {
    const entries = Object.entries(value).map(([key, part]) => [
      key,
      readValue(shape.map, part, `${path}[${key}]`),
    ]);
    return Object.fromEntries(entries);
  }
  if ('has' in shape) return readFields(shape.has, value, path);
  throw fault(`Invalid ${path}: expected a plain value.`, path);
}

/** Returns the value by the first alternative that fits. Throws the last alternative's error when none fits. */
function readOneOf(shapes: Shape[], value: FormValue, path: string): unknown {
  const ordered = [...shapes].sort((a, b) => rank(a) - rank(b));
  let complaint: unknown;
  for (const shape of ordered) {
    try {
      return readValue(shape, value, path);
    } catch (error) {
      complaint = error;
    }
  }
  throw complaint;
}

/** Literals come before numbers, numbers before strings: `now` is a literal, `1700000000` a number. */
function rank(given: Shape): number {
  const shape = resolveShape(given);
  if (typeof shape !== 'string') return 'enum' in shape || 'is' in shape ? 0 : 3;
  return shape === 'number' || shape === 'boolean' ? 1 : 2;
}

function readList(item: Shape, tree: FormTree, path: string): unknown[] {
  const keys = Object.keys(tree);
  if (!keys.every((key) => /^\d+$/.test(key))) throw fault(`Invalid array: ${path}`, path);
  return keys
    .sort((a, b) => Number(a) - Number(b))
    .map((key) => readValue(item, tree[key] as FormValue, `${path}[${key}]`));
}

function readText(shape: Shape, value: string): unknown {
  if (shape === 'string' || shape === 'any') return value;
  if (shape === 'number') return /^-?\d+(\.\d+)?$/.test(value) ? Number(value) : NONE;
  if (shape === 'boolean') return value === 'true' ? true : value === 'false' ? false : NONE;
  if (typeof shape === 'string') return NONE;
  if ('enum' in shape) return shape.enum.includes(value) ? value : NONE;
  return 'is' in shape && value === String(shape.is) ? shape.is : NONE;
}

function misfit(shape: Shape, value: string, path: string): Failure {
  if (shape === 'number') return fault(`Invalid integer: ${value}`, path, 'parameter_invalid_integer');
  if (shape === 'boolean') return fault(`Invalid boolean: ${value}`, path);
  if (typeof shape !== 'string' && 'enum' in shape) {
    return fault(`Invalid ${path}: must be one of ${shape.enum.join(', ')}`, path);
  }
  if (typeof shape !== 'string' && 'list' in shape) return fault(`Invalid array`, path);
  return fault(`Invalid object`, path);
}
