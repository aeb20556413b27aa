import { importsOf, type SourceFile } from './rules';

/**
 * Returns the import cycles between folders, each as the folders on its way. `folderOf` returns the folder of a path,
 * or null for a file to ignore.
 */
export function circleComplaints(files: SourceFile[], folderOf: (path: string) => string | null): string[] {
  const arrows = new Map<string, Set<string>>();
  for (const file of files) {
    const from = folderOf(file.path);
    if (from === null || /\.(test|spec)\.tsx?$/.test(file.path)) continue;
    for (const { path } of importsOf(file)) {
      const to = folderOf(path);
      if (to !== null && to !== from) arrows.set(from, (arrows.get(from) ?? new Set()).add(to));
    }
  }
  const circles: string[] = [];
  const done = new Set<string>();
  function walk(folder: string, way: string[]): void {
    const at = way.indexOf(folder);
    if (at >= 0) circles.push([...way.slice(at), folder].join(' → '));
    if (at >= 0 || done.has(folder)) return;
    for (const next of arrows.get(folder) ?? []) walk(next, [...way, folder]);
    done.add(folder);
  }
  for (const folder of arrows.keys()) walk(folder, []);
  return circles;
}

/** Folders of page components; each route is its own. */
export const pageFolderOf = (path: string): string | null => /^app\/(_\w+)\//.exec(path)?.[0] ?? null;

/** Subfolders of a large folder, such as `cloud/stripe`. */
export const shelfOf =
  (folder: string) =>
  (path: string): string | null => {
    const [first, second] = path.startsWith(`${folder}/`) ? path.slice(folder.length + 1).split('/') : [];
    return first !== undefined && second !== undefined ? `${folder}/${first}` : null;
  };
