/** How a value may look on the wire: a small schema language, one line of JSON per named shape. */
export type Shape =
  | 'string'
  | 'number'
  | 'boolean'
  | 'null'
  | 'any'
  | { enum: string[]; open?: true }
  | { is: boolean }
  | { list: Shape }
  | { page: Shape }
  | { map: Shape }
  /** Fields of an object; a name ending in `?` may be absent, names not listed are refused. */
  | { has: Record<string, Shape> }
  /** An object of which only its kind is known here. */
  | { kind: string }
  | { oneOf: Shape[] }
  | { ref: string };

export interface ShapeFile {
  stripe: string;
  apiVersion: string;
  shapes: Map<string, Shape>;
}
