/** The form of a value on the wire: a small schema language, with one line of JSON per named shape. */
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
  /** Fields of an object. A name that ends in `?` is optional; a name that is not listed is refused. */
  | { has: Record<string, Shape> }
  /** An object of which only the kind is checked. */
  | { kind: string }
  | { oneOf: Shape[] }
  | { ref: string };

export interface ShapeFile {
  stripe: string;
  apiVersion: string;
  shapes: Map<string, Shape>;
}
