import type { SourceFile } from './rules';

/**
 * Migrations run while an older build still uses the tables. Statements that would break it are refused, unless the
 * line above says `-- second step of <number>: …`, naming the earlier migration since which no build uses them.
 */

const REFUSED: [pattern: RegExp, why: string][] = [
  [/\bdrop\s+(table|column|view|schema|type|function|sequence)\b/i, 'drops what an older build may use'],
  [/\brename\b/i, 'renames what an older build knows by its old name'],
  [/\btruncate\b(?!\s+on\b)/i, 'empties a table'],
  [/^\s*delete\s+from\b/i, 'removes rows'],
  [/\balter\s+column\b.*\bset\s+not\s+null\b/i, 'requires what an older build may not write'],
  [/\balter\s+column\b.*\b(set\s+data\s+type|type)\b/i, 'retypes a column, and writes the whole table anew'],
  [
    /\badd\s+column\b(?!.*\b(default|generated)\b).*\bnot\s+null\b/i,
    'requires a column that an older build does not write: give it a default',
  ],
  [/\bcreate\s+(unique\s+)?index\s+concurrently\b/i, 'cannot run inside the transaction of the migrations'],
];

/** Tables created in the same file, which no older build can be using. */
const madeHere = (text: string): Set<string> =>
  new Set([...text.matchAll(/create table "(\w+)"/gi)].map((match) => match[1] ?? ''));

/**
 * Refuses constraints and unique indexes on existing tables: an older build may violate them, and checking them locks
 * the table.
 */
function constraintComplaint(statement: string, made: Set<string>): string | null {
  const table = /alter table "(\w+)"\s+add constraint/i.exec(statement)?.[1];
  if (
    table &&
    !made.has(table) &&
    /\b(check|foreign key)\b/i.test(statement) &&
    !/not valid/i.test(statement)
  )
    return 'checks every row of a table under its lock: add it NOT VALID, and validate it in a later migration';
  const indexed = /create unique index .* on "(\w+)"/i.exec(statement)?.[1];
  if (indexed && !made.has(indexed)) return 'forbids what an older build may write';
  return null;
}

/** Returns the statements of a migration that would break an older build. */
export function migrationComplaints({ path, text }: SourceFile): string[] {
  const own = Number(/(\d{4})_/.exec(path)?.[1]);
  const made = madeHere(text);
  return text.split('--> statement-breakpoint').flatMap((part) => {
    const step = /^\s*-- second step of (\d{4}): \S/m.exec(part)?.[1];
    if (step !== undefined && Number(step) < own) return [];
    // The body of a function does not run during the migration.
    const statement = part
      .replace(/\$\$[\s\S]*?\$\$/g, '')
      .replace(/^\s*--.*$/gm, '')
      .replace(/\s+/g, ' ')
      .trim();
    const why =
      REFUSED.find(([pattern]) => pattern.test(statement))?.[1] ?? constraintComplaint(statement, made);
    return why ? [`${path}: ${why} (${statement.slice(0, 60)})`] : [];
  });
}
