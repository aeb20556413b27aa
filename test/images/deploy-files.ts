import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '@/scripts/stack-part';
import { filesOf } from './contents';
import { instructionsOf } from './dockerfile';

/** What the files of `deploy/` say, in the form in which a test asks for it. */

export type Variables = Record<string, string>;

export const readRoot = (path: string): string => readFileSync(join(ROOT, path), 'utf8');

/** What the image of the product runs: the names in its `dist/`. */
export function commandsOf(target: string): string[] {
  const lines = instructionsOf('deploy/Dockerfile');
  const from = lines.findIndex((line) => line.startsWith('FROM ') && line.endsWith(` AS ${target}`));
  const next = lines.findIndex((line, index) => index > from && line.startsWith('FROM '));
  const stage = lines.slice(from, next < 0 ? undefined : next);
  return stage.flatMap((line) => /^COPY --from=built \/dist\/(\w+) /.exec(line)?.[1] ?? []);
}

/** The variables that the local cloud reads. */
export function cloudSettings(): Set<string> {
  const sources = filesOf(join(ROOT, 'cloud')).filter((path) => path.endsWith('.ts'));
  return new Set(sources.flatMap((path) => readRoot(`cloud/${path}`).match(/\bCLOUD_[A-Z_]+\b/g) ?? []));
}

/** A file of `NAME=value` lines; what is empty is filled with `filler`. */
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

/** The text with its `${NAME}`, `${NAME:-default}` and `${NAME:?sentence}` replaced, as docker compose does it. */
export function interpolate(text: string, variables: Variables): string {
  return text.replaceAll(/\$\{(\w+)(?::([-?])([^}]*))?\}/g, (_, name: string, kind = '', rest = '') => {
    const value = variables[name] ?? '';
    if (value === '' && kind === '?') throw new Error(`${name}: ${rest}`);
    return value === '' && kind === '-' ? rest : value;
  });
}

/** The names that a compose file takes from its environment. */
export const namesIn = (text: string): Set<string> =>
  new Set([...text.matchAll(/\$\{(\w+)/g)].map((match) => match[1] ?? ''));

export const flyFiles = (): string[] =>
  readdirSync(join(ROOT, 'deploy'))
    .filter((name) => /^fly\..*\.toml$/.test(name))
    .map((name) => `deploy/${name}`);

/** The commands of the fenced blocks of the guide, one each, continued lines joined. */
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
