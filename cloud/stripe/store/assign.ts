import type { Json } from '../schema/fill';
import type { Metadata } from './records';

/** Copies the named parameters that were sent; an empty string unsets a field. */
export function assign<T extends object>(record: T, params: Json, names: (keyof T & string)[]): void {
  for (const name of names) {
    if (params[name] !== undefined) (record as Json)[name] = params[name] === '' ? null : params[name];
  }
}

/** Returns the merged metadata. An empty value removes its key; an empty string instead of an object removes all keys. */
export function mergeMetadata(old: Metadata, sent: unknown): Metadata {
  if (sent === undefined) return old;
  if (sent === '' || sent === null) return {};
  const merged: Metadata = { ...old };
  for (const [key, value] of Object.entries(sent as Json)) {
    if (value === '' || value === null) delete merged[key];
    else merged[key] = String(value);
  }
  return merged;
}
