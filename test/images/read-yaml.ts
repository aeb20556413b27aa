/**
 * The subset of YAML that `deploy/compose.yaml` uses: block and flow collections, anchors, merges. Every scalar is a
 * string.
 */

export type Yaml = string | Yaml[] | { [key: string]: Yaml };
type Line = { number: number; indent: number; text: string };

/** Parses the subset. Throws with the line number at anything else, so that nothing is misread. */
export function readYaml(source: string): Yaml {
  const anchors = new Map<string, Yaml>();
  const lines = source.split('\n').map((raw, index) => ({
    number: index + 1,
    indent: raw.search(/\S/),
    text: raw.replace(/(^|\s)#.*$/, '').trim(),
  }));
  return readBlock(
    lines.filter(({ text }) => text !== ''),
    anchors,
  );
}

function readBlock(lines: Line[], anchors: Map<string, Yaml>): Yaml {
  const [first] = lines;
  if (!first) return '';
  if (/^[[{]/.test(first.text)) return readFlow(lines.map(({ text }) => text).join(' '), first);
  const groups: Line[][] = [];
  for (const line of lines) {
    if (line.indent < first.indent) throw new Error(`line ${line.number} begins too far left`);
    if (line.indent === first.indent) groups.push([line]);
    else groups.at(-1)?.push(line);
  }
  if (first.text.startsWith('- '))
    return groups.map(([line, ...rest]) =>
      readValue((line as Line).text.slice(2), line as Line, rest, anchors),
    );
  const own: Record<string, Yaml> = {};
  let merged: Yaml = {};
  for (const [line, ...rest] of groups as [Line, ...Line[]][]) {
    const [, key = '', value = ''] = /^([\w.<-]+):(?:\s+(.*))?$/.exec(line.text) ?? [];
    if (key === '' || key in own) throw new Error(`line ${line.number} is no new key: ${line.text}`);
    if (key === '<<') merged = readValue(value, line, rest, anchors);
    else own[key] = readValue(value, line, rest, anchors);
  }
  return { ...(merged as Record<string, Yaml>), ...own };
}

function readValue(text: string, line: Line, below: Line[], anchors: Map<string, Yaml>): Yaml {
  const [, anchor, rest = ''] = /^&(\w+)\s*(.*)$/.exec(text) ?? [];
  if (anchor) {
    const value = readValue(rest, line, below, anchors);
    anchors.set(anchor, value);
    return value;
  }
  if (text === '') return readBlock(below, anchors);
  if (below.length > 0) throw new Error(`line ${line.number} has a value and more below it`);
  if (!text.startsWith('*')) return /^[[{]/.test(text) ? readFlow(text, line) : readScalar(text, line);
  const value = anchors.get(text.slice(1));
  if (value === undefined) throw new Error(`line ${line.number}: there is no anchor ${text.slice(1)}`);
  return value;
}

function readScalar(text: string, line: Line): string {
  if (/^"[^"\\]*"$|^'[^']*'$/.test(text)) return text.slice(1, -1);
  if (/^["'|>%@`!&*]/.test(text)) throw new Error(`line ${line.number}: ${text} is not read here`);
  return text;
}

/** Parses `{ a: b, c: [d] }`, outermost brackets first. */
function readFlow(text: string, line: Line): Yaml {
  const inner = text.slice(1, -1);
  const closes = text.startsWith('{') ? '}' : ']';
  if (!text.endsWith(closes)) throw new Error(`line ${line.number} does not end with ${closes}`);
  const parts = splitFlow(inner);
  const read = (part: string) => (/^[[{]/.test(part) ? readFlow(part, line) : readScalar(part, line));
  if (closes === ']') return parts.map(read);
  return Object.fromEntries(
    parts.map((part) => {
      const [, key = '', value = ''] = /^([\w.-]+):\s+(.*)$/.exec(part) ?? [];
      if (key === '') throw new Error(`line ${line.number}: ${part} is no key with a value`);
      return [key, read(value)];
    }),
  );
}

/** Splits at commas outside quotes and brackets. */
function splitFlow(text: string): string[] {
  const parts: string[] = [''];
  let depth = 0;
  let quote = '';
  for (const letter of text) {
    if (quote === '' && /["']/.test(letter)) quote = letter;
    else if (letter === quote) quote = '';
    else if (quote === '' && /[[{]/.test(letter)) depth += 1;
    else if (quote === '' && /[\]}]/.test(letter)) depth -= 1;
    if (letter === ',' && depth === 0 && quote === '') parts.push('');
    else parts[parts.length - 1] += letter;
  }
  return parts.map((part) => part.trim()).filter((part) => part !== '');
}
