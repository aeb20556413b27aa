import type { Json } from '../schema/fill';
import type { Desk } from '../server';

/** Answers one control call. A thrown error becomes the response, with 400 or the refusal's status. */
export type Handler = (
  desk: Desk,
  input: Json,
  id: string,
  query: URLSearchParams,
) => unknown | Promise<unknown>;
