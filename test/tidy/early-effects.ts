import ts from 'typescript';

const COUNTS = /^metrics\.\w+\.(inc|dec|observe|set)$/;

/**
 * Returns counters raised inside a transaction, which may still be rolled back. Inside are functions with a parameter
 * of type TxCtx, and functions passed to `inTx`; functions passed to `afterCommit` run later.
 */
export function earlyEffectComplaints({ path, text }: { path: string; text: string }): string[] {
  if (!/TxCtx|inTx/.test(text) || !text.includes('metrics.')) return [];
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  const found: string[] = [];
  const calls = (node: ts.Node, name: RegExp): node is ts.CallExpression =>
    ts.isCallExpression(node) && name.test(node.expression.getText(source));
  function visit(node: ts.Node, isInside: boolean): void {
    if (calls(node, COUNTS) && isInside) {
      const line = source.getLineAndCharacterOfPosition(node.getStart(source)).line + 1;
      found.push(`${path}:${line} counts before the commit: hand it to afterCommit`);
    }
    ts.forEachChild(node, (child) => visit(child, insideOf(child, isInside)));
  }
  function insideOf(node: ts.Node, isInside: boolean): boolean {
    if (!ts.isFunctionLike(node)) return isInside;
    if (calls(node.parent, /(^|\.)afterCommit$/)) return false;
    const takesTx = node.parameters.some((parameter) =>
      /\bTxCtx\b/.test(parameter.type?.getText(source) ?? ''),
    );
    return isInside || takesTx || calls(node.parent, /^inTx$/);
  }
  visit(source, false);
  return found;
}
