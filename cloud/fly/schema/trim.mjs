// Writes machines-api.json, the part of Fly's published OpenAPI description that describes request bodies:
// node cloud/fly/schema/trim.mjs path/to/openapi.json
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const SCHEMA_WORDS = ['$ref', 'type', 'enum', 'properties', 'additionalProperties', 'items', 'allOf'];

/** Returns a schema reduced to what a value can be checked against; adds the names of referenced schemas to `names`. */
function trimSchema(schema, names) {
  if (typeof schema !== 'object' || schema === null) return schema;
  const kept = {};
  for (const word of SCHEMA_WORDS) {
    const value = schema[word];
    if (value === undefined) continue;
    if (word === '$ref') names.add(value.split('/').at(-1));
    if (word === 'properties') {
      kept[word] = Object.fromEntries(
        Object.entries(value).map(([name, field]) => [name, trimSchema(field, names)]),
      );
    } else if (word === 'allOf') kept[word] = value.map((part) => trimSchema(part, names));
    else if (word === 'items' || word === 'additionalProperties') kept[word] = trimSchema(value, names);
    else kept[word] = value;
  }
  return kept;
}

/** Returns the description with paths, request bodies and the schemas they reach, and nothing else. Idempotent. */
export function trimDescription(spec) {
  const names = new Set();
  const paths = {};
  for (const [path, operations] of Object.entries(spec.paths)) {
    paths[path] = {};
    for (const [method, operation] of Object.entries(operations)) {
      if (!['get', 'post', 'put', 'patch', 'delete'].includes(method)) continue;
      const content = Object.entries(operation.requestBody?.content ?? {})[0];
      paths[path][method] = content
        ? { requestBody: { content: { [content[0]]: { schema: trimSchema(content[1].schema, names) } } } }
        : {};
    }
  }
  const schemas = {};
  for (const name of names) schemas[name] = trimSchema(spec.components.schemas[name], names);
  const sorted = Object.fromEntries(Object.entries(schemas).sort(([a], [b]) => (a < b ? -1 : 1)));
  const { title, version, license } = spec.info;
  return { openapi: spec.openapi, info: { title, version, license }, paths, components: { schemas: sorted } };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const spec = JSON.parse(readFileSync(process.argv[2], 'utf8'));
  const target = fileURLToPath(new URL('machines-api.json', import.meta.url));
  writeFileSync(target, `${JSON.stringify(trimDescription(spec), null, 2)}\n`);
}
