import { kindOf, type RenderedName, renderOne, renderRecord } from '../render/objects';
import type { Json } from '../schema/fill';
import type { Failure } from '../store/failure';
import type { Records } from '../store/records';
import type { World } from '../store/world';
import { type Listed, listPage } from './lists';

export interface Call {
  world: World;
  /** Parameters, converted to the SDK's types. */
  params: Json;
  /** The first `:id` of the path. */
  id: string;
  path: string;
}

export interface Route {
  method: 'GET' | 'POST' | 'DELETE';
  /** `/v1/customers/:id` */
  path: string;
  /** Name of the SDK's parameter type; null = only `expand`. */
  params: string | null;
  run: (call: Call) => Json | Failure;
}

export function route(
  method: Route['method'],
  path: string,
  params: string | null,
  run: Route['run'],
): Route {
  return { method, path, params, run };
}

/** Returns the GET route of one record. */
export function retrieveRoute(path: string, name: RenderedName): Route {
  return route('GET', path, null, ({ world, id }) => renderOne(world, name, id));
}

/** Returns the GET route of a list. `keep` filters the records. */
export function listRoute<N extends RenderedName>(
  path: string,
  params: string,
  name: N,
  keep: (record: Readonly<Records[N]>, params: Json, world: World) => boolean,
): Route {
  kindOf(name);
  return route('GET', path, params, (call) => {
    const records = call.world.store.all(name).filter((record) => keep(record, call.params, call.world));
    return listPage(records as (Readonly<Records[N]> & Listed)[], call.params, path, (record) =>
      renderRecord(call.world, name, record),
    );
  });
}

/** Returns whether the parameter is absent or equal to the value. */
export function matches(param: unknown, value: unknown): boolean {
  return param === undefined || param === value;
}
