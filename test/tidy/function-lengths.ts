import ts from 'typescript';

export type LongFunction = { name: string; line: number; lines: number };

/**
 * Returns the functions of a file that are longer than `limit` lines, found by TypeScript's own parser: declarations,
 * methods, accessors, constructors and arrow functions, from their first line to their last.
 */
export function longFunctions(path: string, text: string, limit: number): LongFunction[] {
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  const lineOf = (position: number) => source.getLineAndCharacterOfPosition(position).line + 1;
  const found: LongFunction[] = [];
  function visit(node: ts.Node): void {
    if (ts.isFunctionLike(node) && 'body' in node && node.body) {
      const line = lineOf(node.getStart(source));
      const lines = lineOf(node.getEnd()) - line + 1;
      if (lines > limit) found.push({ name: nameOf(node), line, lines });
    }
    ts.forEachChild(node, visit);
  }
  visit(source);
  return found;
}

function nameOf(node: ts.SignatureDeclaration): string {
  if (node.name) return node.name.getText();
  const { parent } = node;
  return ts.isVariableDeclaration(parent) || ts.isPropertyAssignment(parent)
    ? parent.name.getText()
    : 'a function';
}
