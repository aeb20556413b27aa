import { useState } from 'react';
import { useNow } from '../_query/use-now';
import type { Notice, StopCause } from './wire';

/** A notice, and for one of a stop the instant of the stop by this browser's clock. */
export type Note = Notice & { stopsAt: number | null };

/** What is said over a terminal: one notice at a time, and what a program wants to copy. */
export function useNotes() {
  const [note, setNote] = useState<Note | null>(null);
  const [copy, setCopy] = useState<string | null>(null);
  return {
    note,
    copy,
    show: (notice: Notice) =>
      setNote({ ...notice, stopsAt: notice.stopsInMs === undefined ? null : Date.now() + notice.stopsInMs }),
    calm: (cause: StopCause) => setNote((shown) => (shown?.cause === cause ? null : shown)),
    dismiss: () => setNote(null),
    offer: setCopy,
  };
}

export type Notes = ReturnType<typeof useNotes>;

/** How many whole seconds are left until a note's stop; null for another note. */
export function useSecondsLeft(note: Note): number | null {
  const now = useNow(undefined);
  if (note.stopsAt === null || !note.why) return null;
  return Math.max(0, Math.ceil((note.stopsAt - now) / 1000));
}
