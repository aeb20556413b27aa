import type { Dropped } from './uploads';

/** Most files of one drop; a larger folder is better packed first. */
export const MOST_FILES = 5_000;

/** Returns the files of a drop, including those inside folders. Must be called while the event is handled. */
export async function droppedFiles(data: DataTransfer): Promise<Dropped[]> {
  // Both lists are read before the first await, because they are empty after the event.
  const entries = [...data.items].map((item) => item.webkitGetAsEntry?.() ?? null);
  const files = [...data.files];
  if (!entries.some(Boolean)) return files.map((file) => ({ name: file.name, file }));
  const found: Dropped[] = [];
  for (const entry of entries) if (entry) await walk(entry, '', found);
  return found;
}

async function walk(entry: FileSystemEntry, folder: string, found: Dropped[]): Promise<void> {
  if (found.length >= MOST_FILES) return;
  const name = `${folder}${entry.name}`;
  if (entry.isFile) {
    const file = await new Promise<File>((resolve, reject) =>
      (entry as FileSystemFileEntry).file(resolve, reject),
    );
    found.push({ name, file });
    return;
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  // The browser returns a folder in parts; an empty part is the end.
  for (;;) {
    const inside = await new Promise<FileSystemEntry[]>((resolve, reject) =>
      reader.readEntries(resolve, reject),
    );
    if (inside.length === 0) return;
    for (const one of inside) await walk(one, `${name}/`, found);
  }
}

/** Returns the files of a chooser; those of a chosen folder are named by their path below it. */
export const chosenFiles = (files: FileList | null): Dropped[] =>
  [...(files ?? [])].map((file) => ({ name: file.webkitRelativePath || file.name, file }));
