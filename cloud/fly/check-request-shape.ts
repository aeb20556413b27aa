import description from './schema/machines-api.json';

interface Schema {
  $ref?: string;
  type?: string;
  enum?: unknown[];
  properties?: Record<string, Schema>;
  additionalProperties?: Schema | boolean;
  items?: Schema;
  allOf?: Schema[];
}

interface Spec {
  paths: Record<string, Record<string, { requestBody?: { content?: Record<string, { schema?: Schema }> } }>>;
  components: { schemas: Record<string, Schema> };
}

/** Fly's published description, trimmed by `schema/trim.mjs` to paths and request bodies. */
const spec = description as unknown as Spec;

/** Fields the API documents but its description lacks. */
const alsoKnown: Record<string, string[]> = {
  'POST /apps': ['app_name'],
};

/**
 * Compares a request's body with Fly's own description: unknown fields, wrong types, values outside an enum, a path
 * that does not exist. Returns one sentence per problem.
 */
export function checkRequestShape(method: string, path: string, body?: unknown): string[] {
  const wanted = path.replace(/\?.*/, '').replace(/^\/v1(?=\/)/, '');
  const template = Object.keys(spec.paths).find((one) => pathFits(one.replace(/^\/v1(?=\/)/, ''), wanted));
  const operation = template && spec.paths[template]?.[method.toLowerCase()];
  if (!operation) return [`${method} ${wanted} is not a call of the Machines API`];
  if (body === undefined) return [];
  const schema = Object.values(operation.requestBody?.content ?? {})[0]?.schema;
  if (!schema) return [`${method} ${wanted} takes no body`];
  const extra = alsoKnown[`${method.toUpperCase()} ${template?.replace(/^\/v1(?=\/)/, '')}`] ?? [];
  return checkValue(schema, body, 'body', extra);
}

function pathFits(template: string, path: string): boolean {
  const pattern = template.replace(/[.*+?^$()|[\]\\]/g, '\\$&').replace(/\{[^}]+\}/g, '[^/]+');
  return new RegExp(`^${pattern}$`).test(path);
}

function flatten(schema: Schema): Schema {
  const named = schema.$ref ? spec.components.schemas[schema.$ref.split('/').at(-1) ?? ''] : undefined;
  const whole: Schema = { ...schema, properties: { ...schema.properties } };
  for (const part of [...(named ? [named] : []), ...(schema.allOf ?? [])]) {
    const { properties, ...rest } = flatten(part);
    Object.assign(whole, rest, { properties: { ...properties, ...whole.properties } });
  }
  return whole;
}

function checkValue(raw: Schema, value: unknown, at: string, extra: string[] = []): string[] {
  const schema = flatten(raw);
  const wrong = checkType(schema, value, at);
  if (wrong.length > 0 || value === null) return wrong;
  if (Array.isArray(value)) {
    return value.flatMap((item, i) => (schema.items ? checkValue(schema.items, item, `${at}[${i}]`) : []));
  }
  if (typeof value !== 'object') return [];
  const { properties = {}, additionalProperties: others } = schema;
  const open = Object.keys(properties).length === 0 && others === undefined;
  return Object.entries(value as object).flatMap(([name, item]) => {
    const field = Object.hasOwn(properties, name) ? properties[name] : undefined;
    if (field) return checkValue(field, item, `${at}.${name}`);
    if (typeof others === 'object') return checkValue(others, item, `${at}.${name}`);
    return open || others === true || extra.includes(name) ? [] : [`json: unknown field "${at}.${name}"`];
  });
}

function checkType(schema: Schema, value: unknown, at: string): string[] {
  const kind = Array.isArray(value) ? 'array' : value === null ? 'null' : typeof value;
  if (schema.enum && !schema.enum.includes(value)) {
    return [`${at} must be one of ${schema.enum.join(', ')}, not ${String(value)}`];
  }
  if (!schema.type || kind === 'null') return [];
  const right = schema.type === 'integer' ? Number.isInteger(value) : schema.type === kind;
  return right ? [] : [`json: cannot unmarshal ${kind} into ${at} of type ${schema.type}`];
}
