import type { SourceFile } from './rules';

type Scripts = Record<string, string>;

/** Returns scripts of package.json that name a missing file. */
export function scriptComplaints(scripts: Scripts, exists: (path: string) => boolean): string[] {
  return Object.entries(scripts).flatMap(([name, command]) =>
    command
      .split(/\s+/)
      .filter((word) => /\.(?:[cm]?[jt]s|tsx|sh)$/.test(word) && !exists(word))
      .map((path) => `package.json: ${name} runs ${path}, which is not there`),
  );
}

/** Returns commands in a document that package.json does not have. */
export function commandComplaints(doc: SourceFile, scripts: Scripts): string[] {
  const named = [...doc.text.matchAll(/\bnpm run (?:-s |--silent )?([\w:-]+)/g)].map(
    (match) => match[1] ?? '',
  );
  return named.filter((name) => !(name in scripts)).map((name) => `${doc.path}: there is no npm run ${name}`);
}
