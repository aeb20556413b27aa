import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { settingsProblem } from '@/db/check-settings';
import { COMMANDS } from '@/operator/commands';
import { NEEDS_SECRET, openOperatorContext } from '@/operator/context';
import { type Flags, UsageError } from '@/operator/flags';

/** `npm run -s operator -- <noun> <verb> [--flags] [--json]`: works directly on the database of DATABASE_URL. */

const usage = (): string =>
  `Usage: npm run -s operator -- <command> [--json]\n${Object.entries(COMMANDS)
    .map(
      ([name, { flags, needed }]) =>
        `  ${name}${Object.keys(flags)
          .map((flag) => (needed.includes(flag) ? ` --${flag} …` : ` [--${flag}]`))
          .join('')}`,
    )
    .join('\n')}\n`;

function readCommand(argv: string[]): { name: string; flags: Flags; json: boolean } {
  const words = argv.filter((word) => !word.startsWith('--'));
  const name = [words.slice(0, 2).join(' '), words[0] ?? ''].find((candidate) => candidate in COMMANDS);
  const command = name === undefined ? undefined : COMMANDS[name];
  if (name === undefined || !command) throw new UsageError('There is no such command.');
  const options = Object.fromEntries(
    Object.entries(command.flags).map(([flag, kind]) => [
      flag,
      { type: kind === 'text' ? ('string' as const) : ('boolean' as const) },
    ]),
  );
  const rest = argv.slice(argv.indexOf(name.split(' ').at(-1) ?? '') + 1);
  const { values } = parse(
    rest.map(joinNegative(rest)).filter((word) => word !== null),
    { ...options, json: { type: 'boolean' } },
  );
  for (const flag of command.needed)
    if (values[flag] === undefined) throw new UsageError(`${name} needs --${flag}.`);
  const { json, ...flags } = values;
  return { name, flags: flags as Flags, json: json === true };
}

/** Joins `--seconds -60` to `--seconds=-60`, because `parseArgs` takes a negative number for a flag. */
function joinNegative(words: string[]) {
  return (word: string, index: number): string | null => {
    if (/^-\d/.test(word)) return null;
    const next = words[index + 1];
    return word.startsWith('--') && !word.includes('=') && next !== undefined && /^-\d/.test(next)
      ? `${word}=${next}`
      : word;
  };
}

function parse(args: string[], options: Record<string, { type: 'string' | 'boolean' }>) {
  try {
    return parseArgs({ args, options, strict: true, allowPositionals: false });
  } catch (error) {
    throw new UsageError(`${(error as Error).message.split('\n')[0]}`);
  }
}

function print(result: unknown, json: boolean): void {
  if (json) return void process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
  const rows = Array.isArray(result) ? result : [result];
  if (rows.length === 0) process.stdout.write('Nothing.\n');
  for (const row of rows) {
    const fields = Object.entries(row as object).map(
      ([key, value]) => `${key}=${typeof value === 'object' ? JSON.stringify(value) : value}`,
    );
    process.stdout.write(`${fields.join('  ')}\n`);
  }
}

async function main(): Promise<number> {
  const { name, flags, json } = readCommand(process.argv.slice(2));
  const command = COMMANDS[name] as (typeof COMMANDS)[string];
  if (command.signs && !process.env.AUTH_SECRET) throw new UsageError(`${name}: ${NEEDS_SECRET}`);
  // Every user of this computer can read a password given as an argument, so `-` reads it from stdin.
  if (flags.password === '-') flags.password = readFileSync(0, 'utf8').split(/\r?\n/)[0];
  const { ctx, close } = openOperatorContext(process.env);
  try {
    const problem = await settingsProblem(ctx.sql);
    if (problem) throw new Error(problem);
    const outcome = await command.run(ctx, flags);
    if (outcome.text && !json) process.stdout.write(`${outcome.text.join('\n')}\n`);
    else print(outcome.result, json);
    return outcome.exitCode ?? 0;
  } finally {
    await close();
  }
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    const message = error instanceof Error ? error.message : String(error);
    process.stderr.write(`${message}\n${error instanceof UsageError ? usage() : ''}`);
    process.exit(error instanceof UsageError ? 2 : 1);
  },
);
