import { cpSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ROOT } from '@/scripts/stack-part';

/** Returns the instructions of a Dockerfile, with continued lines joined and without comments. */
export function instructionsOf(path: string): string[] {
  const text = readFileSync(join(ROOT, path), 'utf8').replace(/^\s*#.*\n/gm, '');
  return text
    .replaceAll(/\\\n\s*/g, ' ')
    .split('\n')
    .filter((line) => line.trim() !== '');
}

/** Returns the names of the stages, in order. */
export const stagesOf = (path: string): string[] =>
  instructionsOf(path).flatMap((line) => /^FROM .* AS (\w+)$/.exec(line)?.[1] ?? []);

/**
 * Lays out in `folder` what the stage `build` would leave for the other stages to copy: files of this checkout, at the
 * path that `place` returns for each. Throws when a file the Dockerfile copies does not exist.
 */
export function layOutBuild(path: string, folder: string, place: (source: string) => string): void {
  for (const line of instructionsOf(path)) {
    const [, source] = /^COPY --from=build \/src\/(\S+) \S+$/.exec(line) ?? [];
    if (!source) continue;
    const [from, to] = [join(ROOT, place(source)), join(folder, 'src', source)];
    if (!existsSync(from)) throw new Error(`${path} copies ${source}, which the build does not make`);
    mkdirSync(dirname(to), { recursive: true });
    cpSync(from, to, { recursive: true, verbatimSymlinks: true });
  }
}
