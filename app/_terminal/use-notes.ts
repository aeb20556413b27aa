import { useState } from 'react';
import { useNow } from '../_query/use-now';
import type { Notice, StopCause } from './wire';

/** A notice, and for one of a stop the instant of the stop by this browser's clock. */
export type Note = Notice & { stopsAt: number | null };

/**
 * Returns the note that is shown once a notice arrives at `now`. Pure.
 * A stop that is near stays until it is dismissed, put off or comes: a notice without one does not hide it.
 */
export function nextNote(shown: Note | null, notice: Notice, now: number): Note {
  const isStop = notice.stopsInMs !== undefined || notice.level === 'final';
  if (!isStop && shown?.stopsAt && shown.stopsAt > now) return shown;
  return { ...notice, stopsAt: notice.stopsInMs === undefined ? null : now + notice.stopsInMs };
}

/** Returns the notice that is shown over a terminal, and the text that a program wants to copy. */
export function useNotes() {
  const [note, setNote] = useState<Note | null>(null);
  const [copy, setCopy] = useState<string | null>(null);
  return {
    note,
    copy,
    show: (notice: Notice) => setNote((shown) => nextNote(shown, notice, Date.now())),
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
