import type { Json } from '../schema/fill';
import type { Desk } from '../server';

/** Answers one control call; what it throws is 400 with its sentence. */
export type Handler = (
  desk: Desk,
  input: Json,
  id: string,
  query: URLSearchParams,
) => unknown | Promise<unknown>;
