import { longFunctions } from './function-lengths';

/**
 * The rules of the repository as functions of text: each returns its complaints, so that tests can show each rule to
 * fire.
 */

export type SourceFile = { path: string; text: string };

/** What each folder may import from this repository. A folder not listed may import only itself. */
const MAY_IMPORT: Record<string, string[]> = {
  app: ['app', 'server', 'db', 'client'],
  workers: ['workers', 'server', 'db'],
  operator: ['operator', 'server', 'db'],
  client: ['client'],
  machine: ['machine', 'client'],
  cloud: ['cloud'],
  db: ['db'],
  'server/quota': ['server/quota', 'server', 'db'],
  'server/machine': ['server/machine', 'server', 'db'],
  'server/run': ['server/run', 'server/quota', 'server/machine', 'server/mail', 'server', 'db'],
  'server/inventory': [
    'server/inventory',
    'server/run',
    'server/quota',
    'server/machine',
    'server/mail',
    'server',
    'db',
  ],
  'server/session': ['server/session', 'server/run', 'server/quota', 'server/machine', 'server', 'db'],
  'server/billing': ['server/billing', 'server/quota', 'server/mail', 'server/http', 'server', 'db'],
  'server/account': [
    'server/account',
    'server/session',
    'server/inventory',
    'server/run',
    'server/billing',
    'server/machine',
    'server/quota',
    'server/mail',
    'server/http',
    'server',
    'db',
  ],
  'server/secret': ['server/secret', 'server/account', 'server/quota', 'server', 'db'],
  'server/mail': ['server/mail', 'server', 'db'],
  'server/http': ['server/http', 'server', 'db'],
  server: [
    'server',
    'server/account',
    'server/billing',
    'server/http',
    'server/machine',
    'server/mail',
    'server/quota',
    'server/run',
    'server/secret',
    'server/session',
    'db',
  ],
};
const ANYTHING = /^(test|e2e|bench|scripts)\/|\.test\.tsx?$|^[^/]+$/;

/** Returns the folder that the import rules apply to: `server/<noun>`, or a top-level folder. */
function roomOf(path: string): string {
  const [top = '', second = '', third] = path.split('/');
  return top === 'server' && third !== undefined ? `server/${second}` : top;
}

type Import = { path: string; typeOnly: boolean };

/** Returns the modules of this repository that a file imports, as paths from the root. */
export function importsOf(file: SourceFile): Import[] {
  const found: Import[] = [];
  for (const match of file.text.matchAll(
    /(?:import|export)\s+(type\s)?[^'";]*?from\s+'([^']+)'|import\(\s*'([^']+)'\s*\)/g,
  )) {
    const spec = match[2] ?? match[3] ?? '';
    if (spec.startsWith('@/')) found.push({ path: spec.slice(2), typeOnly: match[1] !== undefined });
    if (spec.startsWith('.'))
      found.push({ path: resolve(file.path, spec), typeOnly: match[1] !== undefined });
  }
  return found;
}

function resolve(from: string, spec: string): string {
  const parts = from.split('/').slice(0, -1);
  for (const part of spec.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '.') parts.push(part);
  }
  return parts.join('/');
}

/** Returns imports against the allowed direction. Types of the server may be imported by the client and by pages. */
export function importComplaints(file: SourceFile): string[] {
  if (ANYTHING.test(file.path)) return [];
  const allowed = MAY_IMPORT[roomOf(file.path)] ?? [roomOf(file.path)];
  return importsOf(file)
    .filter(({ path, typeOnly }) => {
      const room = roomOf(path);
      if (typeOnly && roomOf(file.path) !== 'machine' && room.startsWith('server')) return false;
      if (/^(app|workers|operator|server)$/.test(roomOf(file.path)) && room.startsWith('server'))
        return false;
      return !allowed.includes(room);
    })
    .map(({ path }) => `${file.path}: may not import ${path}`);
}

const ENV_ALLOWED =
  /^(server\/env\.ts|cloud\/|deploy\/|scripts\/|operator\/(main|migrate|seed)\.ts$|machine\/|bench\/|test\/|e2e\/|app\/_errors\/release\.ts$|[^/]+$)|\.test\.tsx?$/;

/** The environment is read in one place of the product. */
export const envComplaints = ({ path, text }: SourceFile): string[] =>
  ENV_ALLOWED.test(path) || !text.includes('process.env') ? [] : [`${path}: reads process.env`];

/** The domain has one clock. Converting a value to a date is not a clock read. */
export const clockComplaints = ({ path, text }: SourceFile): string[] =>
  !path.startsWith('server/') ||
  path === 'server/clock.ts' ||
  /\.test\.ts$/.test(path) ||
  !/Date\.now\(|new Date\(\)/.test(text)
    ? []
    : [`${path}: reads a clock of its own`];

const MAX_LINES = 300;
const MAX_FUNCTION_LINES = 50;
const BANNED_NAMES = /(^|[-/.])(utils?|helpers?|common|manager|v2|new|temp|misc)([-/.]|$)/i;

export function sizeComplaints({ path, text }: SourceFile): string[] {
  const lines = text.split('\n');
  const complaints: string[] = [];
  const isTest = /\.(test|spec)\.tsx?$/.test(path);
  if (lines.length > (isTest ? 500 : MAX_LINES)) complaints.push(`${path}: ${lines.length} lines`);
  if (isTest || lines.length <= MAX_FUNCTION_LINES) return complaints;
  const long = longFunctions(path, text, MAX_FUNCTION_LINES);
  return [
    ...complaints,
    ...long.map(({ name, line, lines }) => `${path}:${line}: ${name} has ${lines} lines`),
  ];
}

export const nameComplaints = ({ path }: SourceFile): string[] => [
  ...(BANNED_NAMES.test(path.replace(/new-session|new-/g, '')) ? [`${path}: says nothing by its name`] : []),
  ...(/[A-Z_]/.test(
    path.replace(/\[[^\]]*\]|_[a-z]+\/|README|CONTRIBUTING|Dockerfile/g, '').replace(/^db\/migrations.*/, ''),
  )
    ? [`${path}: is not in kebab-case`]
    : []),
];

/** Returns paths in backquotes of a document that do not exist. */
export function deadPaths(doc: SourceFile, exists: (path: string) => boolean): string[] {
  const paths = [...doc.text.matchAll(/`([\w@.-]+(?:\/[\w@.[\]-]*)+)`/g)].map((match) => match[1] ?? '');
  return paths
    .filter((path) => !/^(hg|api|GET|dist|\.hourglass|@hourglass)|^\w+\.\w+\/|:\/\//.test(path))
    .filter((path) => !exists(path.replace(/\/$/, '')))
    .map((path) => `${doc.path}: there is no ${path}`);
}

const ID = /\b(?:QUOTA|SESSION|MACHINE|BILLING|ACCOUNT)-\d+\b/g;
const TITLE = /['"`]((?:(?:QUOTA|SESSION|MACHINE|BILLING|ACCOUNT)-\d+ )+)/g;

/** Returns requirements without a test, and tests of missing requirements. */
export function requirementComplaints(specs: SourceFile[], tests: SourceFile[]): string[] {
  const stated = new Set(
    specs.flatMap(({ text }) => [...text.matchAll(/^### ((?:\w+)-\d+)/gm)].map((match) => match[1] ?? '')),
  );
  // A title begins with its ids, however the test is written.
  const tested = new Set(
    tests.flatMap(({ text }) =>
      [...text.matchAll(TITLE)].flatMap((match) => match[1]?.trim().split(' ') ?? []),
    ),
  );
  return [
    ...[...stated].filter((id) => !tested.has(id)).map((id) => `${id} is stated and never tested`),
    ...[...tested].filter((id) => !stated.has(id)).map((id) => `${id} is tested and nowhere stated`),
  ];
}

/** Returns rows of tables with a column "proven by" that name no requirement, or one without a test. */
export function proofComplaints(doc: SourceFile, tests: SourceFile[]): string[] {
  const tested = new Set(
    tests.flatMap(({ text }) => [...text.matchAll(TITLE)].flatMap(([title]) => title.match(ID) ?? [])),
  );
  const tables = doc.text.split(/\n(?!\|)/).filter((table) => /^\|.*\| proven by +\|\n/m.test(table));
  const rows = tables.flatMap((table) => table.trim().split('\n').slice(2));
  return rows.flatMap((row) => {
    const what = row.split('|')[1]?.trim() ?? row;
    const ids: string[] = row.split('|').at(-2)?.match(ID) ?? [];
    if (ids.length === 0) return [`${doc.path}: "${what}" names no proof`];
    return ids.filter((id) => !tested.has(id)).map((id) => `${doc.path}: "${what}": nothing proves ${id}`);
  });
}

const LEAK = /^\| (L\d+) +\| (.+?) +\| ((?:\w+-\d+ ?)+?) +\| `([^`]+)`: (.+?) +\|$/;

/** Returns leaks that no requirement closes, or whose test is missing under the title they name. */
export function leakComplaints(list: SourceFile, specs: SourceFile[], tests: SourceFile[]): string[] {
  const stated = new Set(
    specs.flatMap(({ text }) => [...text.matchAll(/^### (\w+-\d+)/gm)].map(([, id]) => id)),
  );
  const rows = list.text.split('\n').filter((line) => /^\| L/.test(line));
  const seen = new Set<string>();
  return rows.flatMap((row) => {
    const [, id = '', , ids = '', path, title = ''] = LEAK.exec(row) ?? [];
    if (id === '') return [`${list.path}: cannot be read: ${row}`];
    if (seen.has(id)) return [`${list.path}: ${id} stands there twice`];
    seen.add(id);
    const known = ids.trim().split(' ');
    const file = tests.find((test) => test.path === path);
    const proof = new RegExp(`['"\`](?:[A-Z]+-\\d+ )*(?:${known.join('|')}) .*${escapeText(title)}`);
    return [
      ...known
        .filter((one) => !stated.has(one))
        .map((one) => `${list.path}: ${id} names ${one}, stated nowhere`),
      ...(file && proof.test(file.text) ? [] : [`${list.path}: ${id} has no test “${title}” in ${path}`]),
    ];
  });
}

const escapeText = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

/** Specs describe behaviour: no files, no functions. */
export const specComplaints = ({ path, text }: SourceFile): string[] =>
  [...text.matchAll(/\w+\.tsx?\b|\b\w+\(\)/g)].map((match) => `${path}: names ${match[0]}`);
