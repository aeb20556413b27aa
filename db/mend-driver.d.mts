/** Mends the PostgreSQL driver in this folder. Throws when it is not the one that the mends were written for. */
export function mendDriver(folder: string): void;
