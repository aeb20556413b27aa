/** The subset of TOML that the Fly configurations use: tables, lists of tables, and single-line values. */

export type Toml = { [key: string]: TomlValue };
type TomlValue = string | number | boolean | string[] | Toml | Toml[];

/** Parses the subset. Throws with the line number at anything else. */
export function readToml(source: string): Toml {
  const root: Toml = {};
  let table = root;
  for (const [index, raw] of source.split('\n').entries()) {
    const line = raw.trim();
    if (line === '' || line.startsWith('#')) continue;
    const [, list, single] = /^\[\[([\w.-]+)\]\]$|^\[([\w.-]+)\]$/.exec(line) ?? [];
    const [, key, value] = /^([\w-]+) = (.+)$/.exec(line) ?? [];
    if (list) table = openTable(root, list.split('.'), true);
    else if (single) table = openTable(root, single.split('.'), false);
    else if (key && value && !(key in table)) table[key] = readValue(value, index + 1);
    else throw new Error(`line ${index + 1} is not read here: ${line}`);
  }
  return root;
}

function openTable(root: Toml, path: string[], isList: boolean): Toml {
  const last = path.at(-1) ?? '';
  let parent = root;
  for (const name of path.slice(0, -1)) {
    parent[name] ??= {};
    parent = parent[name] as Toml;
  }
  const table: Toml = {};
  if (isList) parent[last] = [...((parent[last] as Toml[] | undefined) ?? []), table];
  else parent[last] = table;
  return table;
}

function readValue(text: string, line: number): string | number | boolean | string[] {
  if (/^'[^']*'$/.test(text)) return text.slice(1, -1);
  if (/^\d+$/.test(text)) return Number(text);
  if (/^(true|false)$/.test(text)) return text === 'true';
  if (/^\['[^']*'(, '[^']*')*\]$/.test(text))
    return [...text.matchAll(/'([^']*)'/g)].map(([, part]) => part ?? '');
  throw new Error(`line ${line}: ${text} is not read here`);
}
