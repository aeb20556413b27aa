import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { circleComplaints, pageFolderOf, shelfOf } from './tidy/circles';
import { commandComplaints, scriptComplaints } from './tidy/commands';
import { earlyEffectComplaints } from './tidy/early-effects';
import { migrationComplaints } from './tidy/migrations';
import {
  clockComplaints,
  deadPaths,
  envComplaints,
  importComplaints,
  leakComplaints,
  nameComplaints,
  proofComplaints,
  requirementComplaints,
  type SourceFile,
  sizeComplaints,
  specComplaints,
} from './tidy/rules';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const read = (path: string): SourceFile => ({ path, text: readFileSync(join(ROOT, path), 'utf8') });
const paths = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
  cwd: ROOT,
  encoding: 'utf8',
})
  .trim()
  .split('\n')
  .filter((path) => existsSync(join(ROOT, path)));
const code = paths.filter((path) => /\.(tsx?|mjs)$/.test(path)).map(read);
const migrations = paths.filter((path) => /^db\/migrations\/\d+_.*\.sql$/.test(path)).map(read);
const docs = paths.filter((path) => /\.md$/.test(path)).map(read);
const { scripts } = JSON.parse(read('package.json').text) as { scripts: Record<string, string> };
const specs = docs.filter(({ path }) => /^sdd\//.test(path));
const tests = code.filter(({ path }) => /\.(test|spec)\.tsx?$/.test(path) && !path.startsWith('test/tidy'));

describe('the tree is tidy', () => {
  it('imports go one way', () => expect(code.flatMap(importComplaints)).toEqual([]));
  it('folders do not import each other in circles', () => {
    const shelves = ['server', 'server/billing', 'cloud', 'cloud/stripe'].map(shelfOf);
    for (const folderOf of [pageFolderOf, ...shelves]) expect(circleComplaints(code, folderOf)).toEqual([]);
  });
  it('the environment is read in one place', () => expect(code.flatMap(envComplaints)).toEqual([]));
  it('QUOTA-60 nothing is counted inside a transaction', () => {
    const domain = code.filter(({ path }) => path.startsWith('server/') && !path.endsWith('.test.ts'));
    expect(domain.flatMap(earlyEffectComplaints)).toEqual([]);
    const said = (text: string) => earlyEffectComplaints({ path: 'x.ts', text }).length;
    expect(said('function f(tx: TxCtx) { metrics.a.inc(); }')).toBe(1);
    expect(said('inTx(ctx, async (tx) => { metrics.a.inc(); })')).toBe(1);
    expect(said('inTx(ctx, async (tx) => { tx.afterCommit(() => metrics.a.inc()); })')).toBe(0);
    expect(said('async function f(ctx: Ctx) { await inTx(ctx, g); metrics.a.inc(); }')).toBe(0);
  });
  it('the domain has one clock', () => expect(code.flatMap(clockComplaints)).toEqual([]));
  it('files and functions are short', { timeout: 60_000 }, () =>
    expect(code.flatMap(sizeComplaints)).toEqual([]),
  );
  it('names explain', () => expect(code.flatMap(nameComplaints)).toEqual([]));
  it('documents name only what exists', () =>
    expect(docs.flatMap((doc) => deadPaths(doc, (path) => existsSync(join(ROOT, path))))).toEqual([]));
  it('commands run files that exist, and documents name commands that exist', () => {
    expect(scriptComplaints(scripts, (path) => existsSync(join(ROOT, path)))).toEqual([]);
    expect(docs.flatMap((doc) => commandComplaints(doc, scripts))).toEqual([]);
  });
  it('every requirement is tested, every tested requirement is stated', () =>
    expect(requirementComplaints(specs, tests)).toEqual([]));
  it('every threat and every limit names its proof', () => {
    expect(docs.flatMap((doc) => proofComplaints(doc, tests))).toEqual([]);
    expect(read('docs/threat-model.md').text.match(/^\| .*-\d+ +\|$/gm)?.length).toBeGreaterThan(40);
  });
  it('specs speak of behaviour', () =>
    expect(specs.filter(({ path }) => !/README|glossary|leaks/.test(path)).flatMap(specComplaints)).toEqual(
      [],
    ));
  it('every leak is closed by a requirement and a test', () =>
    expect(leakComplaints(read('sdd/leaks.md'), specs, tests)).toEqual([]));
  it('migrations are numbered once, in order', () => {
    const numbers = migrations.map(({ path }) => Number(path.slice(14, 18)));
    expect(numbers).toEqual(numbers.map((_, index) => index));
  });
  it('ACCOUNT-20 migrations spare an older build', () =>
    expect(migrations.flatMap(migrationComplaints)).toEqual([]));
  it('short documents stay short', () => {
    const lines = (path: string) => read(path).text.split('\n').length;
    expect(lines('README.md')).toBeLessThanOrEqual(70);
    expect(lines('CONTRIBUTING.md')).toBeLessThanOrEqual(100);
    expect(lines('docs/threat-model.md')).toBeLessThanOrEqual(150);
  });
});

const TABLE = 'x\n| what | proven by |\n| --- | --- |\n';

describe('an older build survives every migration', () => {
  const complaintsOf = (...statements: string[]) =>
    migrationComplaints({
      path: 'db/migrations/0042_x.sql',
      text: statements.join('--> statement-breakpoint\n'),
    });

  it.each([
    'DROP TABLE "run";',
    'ALTER TABLE "run" DROP COLUMN "region";',
    'ALTER TABLE "run" RENAME COLUMN "region" TO "place";',
    'ALTER TABLE "run" ALTER COLUMN "region" SET NOT NULL;',
    'ALTER TABLE "run" ALTER COLUMN "used_ms" SET DATA TYPE integer;',
    'ALTER TABLE "run" ADD COLUMN "zone" text NOT NULL;',
    'ALTER TABLE "run" ADD CONSTRAINT "c" CHECK (true);',
    'ALTER TABLE "run" ADD CONSTRAINT "f" FOREIGN KEY ("a") REFERENCES "public"."b"("id");',
    'CREATE UNIQUE INDEX "u" ON "run" USING btree ("region");',
    'TRUNCATE "run";',
    'DELETE FROM run;',
    '-- second step of 0042: itself\nDROP TABLE "run";',
  ])('and is spared %s', (statement) => expect(complaintsOf(statement)).toHaveLength(1));

  it.each([
    'ALTER TABLE "run" ADD COLUMN "zone" text;',
    `ALTER TABLE "run" ADD COLUMN "zone" text DEFAULT 'x' NOT NULL;`,
    'ALTER TABLE "run" ADD CONSTRAINT "c" CHECK (true) NOT VALID;',
    'CREATE INDEX "i" ON "run" USING btree ("region");',
    'CREATE TRIGGER t BEFORE TRUNCATE ON "run" EXECUTE FUNCTION f();',
    'CREATE FUNCTION f() RETURNS void AS $$ DELETE FROM run $$;',
    '-- second step of 0041: no build since reads it\nDROP TABLE "run";',
  ])('and lives with %s', (statement) => expect(complaintsOf(statement)).toEqual([]));

  it('a new table may have what it likes', () =>
    expect(
      complaintsOf('CREATE TABLE "fresh" ("id" text);', 'CREATE UNIQUE INDEX "u" ON "fresh" ("id");'),
    ).toEqual([]));
});

describe('each rule fires', () => {
  const planted = (path: string, text: string): SourceFile => ({ path, text });
  it.each([
    [
      'a sibling of quota',
      importComplaints(planted('server/quota/x.ts', "import { a } from '../session/start';")),
    ],
    [
      'the cloud in a door',
      importComplaints(planted('app/x.tsx', "import { a } from '@/cloud/fly/server';")),
    ],
    [
      'the server in a machine',
      importComplaints(planted('machine/x.ts', "import type { A } from '@/server/shapes';")),
    ],
    [
      'a room through a dynamic import',
      importComplaints(planted('db/x.ts', "await import('@/server/clock')")),
    ],
    ['the environment', envComplaints(planted('server/quota/x.ts', 'process.env.A'))],
    ['a clock', clockComplaints(planted('server/quota/x.ts', 'const a = Date.now();'))],
    ['a long file', sizeComplaints(planted('app/x.ts', 'a\n'.repeat(301)))],
    ['a long function', sizeComplaints(planted('app/x.ts', `function a() {\n${'  b;\n'.repeat(80)}}\n`))],
    [
      'a long arrow function',
      sizeComplaints(planted('app/x.ts', `const a =\n  (\n    b,\n  ) => {\n${'  b;\n'.repeat(50)}};\n`)),
    ],
    [
      'a circle',
      circleComplaints(
        [
          planted('app/_a/x.ts', "import { b } from '../_b/x';"),
          planted('app/_b/x.ts', "import { c } from '../_c/x';"),
          planted('app/_c/x.ts', "import { a } from '../_a/x';"),
        ],
        pageFolderOf,
      ),
    ],
    ['a name without meaning', nameComplaints(planted('server/quota/utils.ts', ''))],
    ['a dead path', deadPaths(planted('README.md', 'see `server/nowhere.ts`'), () => false)],
    ['a command without its file', scriptComplaints({ a: 'node scripts/nowhere.mjs web' }, () => false)],
    ['a command that is not there', commandComplaints(planted('README.md', 'npm run -s nothing'), {})],
    ['an untested requirement', requirementComplaints([planted('sdd/q.md', '### QUOTA-99 x')], [])],
    [
      'an unstated requirement',
      requirementComplaints([], [planted('a.test.ts', "it('QUOTA-98 x', () => {})")]),
    ],
    ['a threat without proof', proofComplaints(planted('a.md', `${TABLE}| a |   |\n`), [])],
    ['a proof that is none', proofComplaints(planted('a.md', `${TABLE}| a | QUOTA-98 |\n`), [])],
    [
      'a leak without a requirement',
      leakComplaints(
        planted('sdd/leaks.md', '| L1 | free time | QUOTA-97 | `a.test.ts`: no free time |'),
        [],
        [planted('a.test.ts', "it('QUOTA-97 no free time', () => {})")],
      ),
    ],
    [
      'a leak whose test is gone',
      leakComplaints(
        planted('sdd/leaks.md', '| L1 | free time | QUOTA-97 | `a.test.ts`: no free time |'),
        [planted('sdd/q.md', '### QUOTA-97 x')],
        [planted('a.test.ts', "it('QUOTA-97 another', () => {})")],
      ),
    ],
    ['code in a spec', specComplaints(planted('sdd/q.md', 'calls start() in start.ts'))],
  ])('on %s', (_, complaints) => expect(complaints).not.toEqual([]));
});
