export type Hunk = { before: string; after: string };
export type Patch = Map<string, Hunk[]>;
export function readPatches(): Patch[];
export function markerOf(patches: Patch[]): string;
export function mendDriver(folder: string): void;
