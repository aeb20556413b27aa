import { isDeepStrictEqual } from 'node:util';
import { kindOf, type RenderedName, renderOne } from '../render/objects';
import { faultsOf } from '../schema/check';
import type { Json } from '../schema/fill';
import { newStripeId } from '../store/ids';
import type { Records } from '../store/records';
import type { World } from '../store/world';

/** Records an event with the object's current state, except in a rehearsal. Throws for an object that does not fit the SDK. */
export function emit(world: World, type: string, object: Json, previous: Json | null = null): void {
  if (world.rehearsing) return;
  const faults = faultsOf(object);
  if (faults.length > 0)
    throw new Error(`The object of ${type} is not what the SDK expects: ${faults.slice(0, 3).join('; ')}`);
  const customer = typeof object.customer === 'string' ? object.customer : String(object.id ?? '');
  const event = world.store.put('events', {
    id: newStripeId('evt'),
    type,
    created: world.now(customer),
    object: structuredClone(object),
    previous_attributes: previous,
    request: { ...world.request },
  });
  world.noteEvent(event.id);
}

/** Records an event about a stored record. */
export function emitFor<N extends RenderedName>(world: World, type: string, name: N, id: string): void {
  emit(world, type, renderOne(world, name, id));
}

/** Changes a record. If the wire object changes too, records an event with its previous values. */
export function change<N extends RenderedName>(
  world: World,
  name: N,
  id: string,
  type: string | null,
  edit: (record: Records[N]) => void,
): void {
  const record = world.store.edit(name, id);
  const render = () => kindOf(name).render(world, record);
  const before = render();
  edit(record);
  if (!type) return;
  const after = render();
  const previous = difference(before, after);
  if (Object.keys(previous).length > 0) emit(world, type, after, previous);
}

/** Returns the old values of the fields that changed. */
function difference(before: Json, after: Json): Json {
  const keys = new Set([...Object.keys(before), ...Object.keys(after)]);
  const changed = [...keys].filter((key) => !isDeepStrictEqual(before[key], after[key]));
  return Object.fromEntries(changed.map((key) => [key, before[key] ?? null]));
}
