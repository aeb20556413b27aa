export type Hunk = { before: string; after: string };
export type Patch = Map<string, Hunk[]>;
export function readPatches(): Patch[];
export function markerOf(patches: Patch[]): string;
/** Mends the PostgreSQL driver in this folder. Throws when it is not the one that the mends were written for. */
export function mendDriver(folder: string): void;
