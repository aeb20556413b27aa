import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '@/scripts/stack-part';
import { filesOf } from './contents';
import { instructionsOf } from './dockerfile';

/** The contents of `deploy/`, in a form that tests can query. */

export type Variables = Record<string, string>;

export const readRoot = (path: string): string => readFileSync(join(ROOT, path), 'utf8');

/** Returns the names in `dist/` that a stage of the product's image copies. */
export function commandsOf(target: string): string[] {
  const lines = instructionsOf('deploy/Dockerfile');
  const from = lines.findIndex((line) => line.startsWith('FROM ') && line.endsWith(` AS ${target}`));
  const next = lines.findIndex((line, index) => index > from && line.startsWith('FROM '));
  const stage = lines.slice(from, next < 0 ? undefined : next);
  return stage.flatMap((line) => /^COPY --from=built \/dist\/(\w+) /.exec(line)?.[1] ?? []);
}

/** Returns the variables the local cloud reads. */
export function cloudSettings(): Set<string> {
  const sources = filesOf(join(ROOT, 'cloud')).filter((path) => path.endsWith('.ts'));
  return new Set(sources.flatMap((path) => readRoot(`cloud/${path}`).match(/\bCLOUD_[A-Z_]+\b/g) ?? []));
}

/** Reads a file of `NAME=value` lines; empty values are replaced from `filler`. */
export function readEnvFile(path: string, filler: Variables = {}): Variables {
  const lines = readRoot(path)
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'));
  return Object.fromEntries(
    lines.map((line) => {
      const [name = '', ...value] = line.split('=');
      return [name, value.join('=') || filler[name] || ''];
    }),
  );
}

/** Replaces `${NAME}`, `${NAME:-default}` and `${NAME:?sentence}` in a text, as docker compose does. */
export function interpolate(text: string, variables: Variables): string {
  return text.replaceAll(/\$\{(\w+)(?::([-?])([^}]*))?\}/g, (_, name: string, kind = '', rest = '') => {
    const value = variables[name] ?? '';
    if (value === '' && kind === '?') throw new Error(`${name}: ${rest}`);
    return value === '' && kind === '-' ? rest : value;
  });
}

/** Returns the variable names a compose file reads from its environment. */
export const namesIn = (text: string): Set<string> =>
  new Set([...text.matchAll(/\$\{(\w+)/g)].map((match) => match[1] ?? ''));

export const flyFiles = (): string[] =>
  readdirSync(join(ROOT, 'deploy'))
    .filter((name) => /^fly\..*\.toml$/.test(name))
    .map((name) => `deploy/${name}`);

/** Returns the commands of the guide's fenced blocks, with continued lines joined. */
export function guideCommands(): string[] {
  const blocks = [...readRoot('deploy/README.md').matchAll(/^ *```sh\n([\s\S]*?)^ *```/gm)];
  return blocks.flatMap(([, block = '']) =>
    block
      .replaceAll(/\\\n\s*/g, ' ')
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => line !== ''),
  );
}
