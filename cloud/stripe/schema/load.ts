import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Shape, ShapeFile } from './shape';

let loaded: ShapeFile | undefined;

/** Returns the shapes generated from the SDK's types, which are read once per process. */
export function loadShapes(): ShapeFile {
  if (loaded) return loaded;
  const text = readFileSync(join(import.meta.dirname, 'wire-shapes.jsonl'), 'utf8');
  const [head, ...lines] = text.trimEnd().split('\n');
  const meta = JSON.parse(head ?? '{}') as { stripe: string; apiVersion: string };
  const shapes = new Map<string, Shape>();
  for (const line of lines) {
    const { name, shape } = JSON.parse(line) as { name: string; shape: Shape };
    shapes.set(name, shape);
  }
  loaded = { ...meta, shapes };
  return loaded;
}

/** Returns the shape with this name. Throws for a name that the generated file lacks. */
export function shapeOf(name: string): Shape {
  const shape = loadShapes().shapes.get(name);
  if (shape === undefined) throw new Error(`No shape ${name}: add it to names.ts and generate again.`);
  return shape;
}

/** Returns the shape at the end of a chain of references. */
export function resolveShape(shape: Shape): Shape {
  let current = shape;
  while (typeof current !== 'string' && 'ref' in current) current = shapeOf(current.ref);
  return current;
}
