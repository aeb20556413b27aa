import { resolveShape, shapeOf } from './load';
import type { Shape } from './shape';

export type Json = Record<string, unknown>;

/**
 * Returns a wire object of the named kind: the given fields, and an empty value (null, [], {} or false) for every
 * other required field. A field without an empty value stays absent, so that the check finds it.
 */
export function fill(name: string, fields: Json): Json {
  const shape = resolveShape(shapeOf(name));
  if (typeof shape === 'string' || !('has' in shape)) throw new Error(`${name} is not an object.`);
  const filled: Json = {};
  for (const [key, part] of Object.entries(shape.has)) {
    if (!key.endsWith('?')) filled[key] = emptyOf(part);
  }
  filled.object = name.startsWith('deleted_') ? name.slice('deleted_'.length) : name;
  if ('livemode' in filled) filled.livemode = false;
  return { ...filled, ...fields };
}

function emptyOf(given: Shape): unknown {
  const shape = resolveShape(given);
  if (shape === 'null') return null;
  if (shape === 'boolean') return false;
  if (typeof shape === 'string') return undefined;
  if ('list' in shape) return [];
  if ('map' in shape) return {};
  if ('oneOf' in shape) return shape.oneOf.some((part) => resolveShape(part) === 'null') ? null : undefined;
  return undefined;
}
