import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import Stripe from 'stripe';
import ts from 'typescript';
import { OBJECTS, PARAMS } from './names';
import { TypeReader } from './read-types';
import type { Shape } from './shape';
import { shareParts } from './share-parts';

// Writes wire-shapes.jsonl from the types of the installed `stripe` package. Run it after each update of the package:
// node --import tsx cloud/stripe/schema/generate.ts

const here = dirname(fileURLToPath(import.meta.url));
const entry = join(here, 'entry-in-memory.ts');
const sdkTypes = [...Object.values(OBJECTS), ...PARAMS];
const source = [
  `import type Stripe from 'stripe';`,
  ...sdkTypes.map((name, index) => `export type Named${index} = Stripe.${name};`),
].join('\n');

const options: ts.CompilerOptions = {
  module: ts.ModuleKind.ESNext,
  moduleResolution: ts.ModuleResolutionKind.Bundler,
  target: ts.ScriptTarget.ES2022,
  strict: true,
  skipLibCheck: true,
  noEmit: true,
  types: ['node'],
};
const host = ts.createCompilerHost(options);
const readSource = host.getSourceFile.bind(host);
const exists = host.fileExists.bind(host);
host.fileExists = (path) => path === entry || exists(path);
host.getSourceFile = (path, target) =>
  path === entry ? ts.createSourceFile(path, source, target) : readSource(path, target);

const program = ts.createProgram([entry], options, host);
const file = program.getSourceFile(entry);
if (!file) throw new Error('The in-memory entry file was not compiled.');
const problems = program.getSemanticDiagnostics(file);
if (problems.length) {
  throw new Error(problems.map((p) => ts.flattenDiagnosticMessageText(p.messageText, '\n')).join('\n'));
}

const types = new Map<string, ts.Type>();
const checker = program.getTypeChecker();
for (const statement of file.statements) {
  if (!ts.isTypeAliasDeclaration(statement)) continue;
  const name = sdkTypes[Number(statement.name.text.slice('Named'.length))];
  if (name) types.set(name, checker.getTypeAtLocation(statement.type));
}
const typeOf = (name: string): ts.Type => {
  const type = types.get(name);
  if (!type) throw new Error(`The SDK has no type Stripe.${name}.`);
  return type;
};

const shapes = new Map<string, Shape>();
const answers = new TypeReader(checker, file, 'answer');
const params = new TypeReader(checker, file, 'params');
for (const [name, sdkType] of Object.entries(OBJECTS)) shapes.set(name, answers.read(typeOf(sdkType)));
for (const name of PARAMS) shapes.set(name, params.read(typeOf(name)));

const packageFile = join(dirname(createRequire(import.meta.url).resolve('stripe')), '../package.json');
const meta = {
  stripe: JSON.parse(readFileSync(packageFile, 'utf8')).version,
  apiVersion: Stripe.API_VERSION,
};
const lines = [meta, ...[...shareParts(shapes)].map(([name, shape]) => ({ name, shape }))];
const target = join(here, 'wire-shapes.jsonl');
writeFileSync(target, `${lines.map((line) => JSON.stringify(line)).join('\n')}\n`);
console.log(`${target}: ${lines.length - 1} shapes for stripe ${meta.stripe} (${meta.apiVersion})`);
