export type Hunk = { before: string; after: string };
export type Patch = Map<string, Hunk[]>;
export function readPatches(): Patch[];
export function markerOf(patches: Patch[]): string;
/** Patches the PostgreSQL driver in this folder. Throws when it is not the version the patches are for. */
export function mendDriver(folder: string): void;
