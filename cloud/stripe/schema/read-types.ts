import ts from 'typescript';
import { OBJECTS } from './names';
import type { Shape } from './shape';

const { TypeFlags } = ts;

/** Reads shapes from TypeScript types. In `answer` mode other Stripe objects become references instead of copies. */
export class TypeReader {
  constructor(
    private readonly checker: ts.TypeChecker,
    private readonly at: ts.Node,
    private readonly mode: 'answer' | 'params',
  ) {}

  read(type: ts.Type, depth = 0): Shape {
    if (depth > 16) return 'any';
    if (this.isDecimal(type) || this.isOpenString(type)) return 'string';
    if (type.isUnion()) return this.readUnion(type.types, depth);
    const plain = this.readPlain(type);
    if (plain) return plain;
    if (this.checker.isArrayType(type)) return { list: this.readArgument(type, depth) };
    if (type.symbol?.name === 'ApiList') return { page: this.readArgument(type, depth) };
    return (depth > 0 && this.readObjectName(type)) || this.readFields(type, depth);
  }

  private readArgument(type: ts.Type, depth: number): Shape {
    const argument = this.checker.getTypeArguments(type as ts.TypeReference)[0];
    return argument ? this.read(argument, depth + 1) : 'any';
  }

  private readPlain(type: ts.Type): Shape | undefined {
    if (type.isStringLiteral()) return { enum: [type.value] };
    if (type.flags & TypeFlags.BooleanLiteral) return { is: this.checker.typeToString(type) === 'true' };
    if (type.flags & TypeFlags.String) return 'string';
    if (type.flags & TypeFlags.NumberLike) return 'number';
    if (type.flags & TypeFlags.Boolean) return 'boolean';
    if (type.flags & TypeFlags.Null) return 'null';
    return type.flags & (TypeFlags.Any | TypeFlags.Unknown) ? 'any' : undefined;
  }

  private readUnion(types: ts.Type[], depth: number): Shape {
    const parts: Shape[] = [];
    const literals: string[] = [];
    let open = false;
    let booleans = 0;
    for (const type of types) {
      if (type.flags & (TypeFlags.Undefined | TypeFlags.Void)) continue;
      if (type.isStringLiteral()) literals.push(type.value);
      else if (this.isOpenString(type)) open = true;
      else if (type.flags & TypeFlags.BooleanLiteral && ++booleans === 2) parts[parts.length - 1] = 'boolean';
      else parts.push(this.read(type, depth + 1));
    }
    if (literals.length) parts.unshift({ enum: literals.sort(), ...(open ? { open: true as const } : {}) });
    else if (open) parts.unshift('string');
    const first = parts[0];
    return parts.length === 1 && first ? first : { oneOf: parts };
  }

  private readObjectName(type: ts.Type): Shape | undefined {
    const field = this.mode === 'answer' && type.getProperty('object');
    if (!field) return undefined;
    const value = this.checker.getTypeOfSymbolAtLocation(field, this.at);
    if (!value.isStringLiteral()) return undefined;
    const deleted = type.getProperty('deleted');
    const isDeleted = deleted && !this.isVoid(deleted);
    const name = isDeleted ? `deleted_${value.value}` : value.value;
    return OBJECTS[name] ? { ref: name } : { kind: value.value };
  }

  private readFields(type: ts.Type, depth: number): Shape {
    const fields = this.checker.getPropertiesOfType(type);
    const index = this.checker.getIndexInfoOfType(type, ts.IndexKind.String);
    if (index) return { map: this.read(index.type, depth + 1) };
    // `{}` describes no fields, for example the object of an event.
    if (fields.length === 0) return 'any';
    const has: Record<string, Shape> = {};
    for (const field of fields) {
      if (field.name === 'deleted' && this.isVoid(field)) continue;
      const optional = field.flags & ts.SymbolFlags.Optional ? '?' : '';
      has[field.name + optional] = this.read(
        this.checker.getTypeOfSymbolAtLocation(field, this.at),
        depth + 1,
      );
    }
    return { has };
  }

  private isVoid(field: ts.Symbol): boolean {
    const type = this.checker.getTypeOfSymbolAtLocation(field, this.at);
    return (
      Boolean(type.flags & TypeFlags.Void) ||
      (type.isUnion() && type.types.some((t) => t.flags & TypeFlags.Void))
    );
  }

  /** Returns whether the type is `string & Record<never, never>`, which the SDK uses for enums that may grow. */
  private isOpenString(type: ts.Type): boolean {
    return type.isIntersection() && type.types.some((part) => part.flags & TypeFlags.String);
  }

  private isDecimal(type: ts.Type): boolean {
    return type.aliasSymbol?.name === 'Decimal' || type.symbol?.name === 'DecimalImpl';
  }
}
