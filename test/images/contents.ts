import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '@/scripts/stack-part';

/** Returns every file below a folder, as paths relative to it. */
export const filesOf = (dir: string): string[] =>
  readdirSync(dir, { recursive: true, withFileTypes: true, encoding: 'utf8' })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name).slice(dir.length + 1));

/** Returns the packages whose files are among `paths`, and whether the lock file marks each as development only. */
export function packagesOf(paths: string[]): { name: string; isDevelopment: boolean }[] {
  const { packages } = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { dev?: boolean }>;
  };
  const names = new Set(
    paths.flatMap((path) => /.*node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1] ?? []),
  );
  return [...names].sort().map((name) => ({
    name,
    isDevelopment: packages[`node_modules/${name}`]?.dev === true,
  }));
}

/** Returns the words of every operator command in the guide of `deploy/`, as a remote console runs them. */
export function operatorLines(): string[][] {
  const guide = readFileSync(join(ROOT, 'deploy/README.md'), 'utf8');
  const remote = [...guide.matchAll(/'(node \S*start\.mjs operator [^']+)'/g)].map((match) => match[1] ?? '');
  const local = [...guide.matchAll(/run --rm worker (operator .*)$/gm)].map(
    (match) => `node /app/scripts/start.mjs ${match[1]}`,
  );
  return [...remote, ...local].map((line) => line.split(' '));
}
