import { v7 } from 'uuid';

/** A fresh id: UUIDv7 text, so that rows of one table sort by the time they were made. */
export const newId = (): string => v7();
