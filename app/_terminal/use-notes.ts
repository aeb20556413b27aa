import { useState } from 'react';
import { useNow } from '../_query/use-now';
import type { Notice, StopCause } from './wire';

/** A notice; `stopsAt` is the instant of its stop by this browser's clock, in ms. */
export type Note = Notice & { stopsAt: number | null };

/**
 * Returns the note to show after a notice arrives at `now`. A near stop stays until it is dismissed, postponed or
 * reached: a notice without a stop does not hide it. Pure.
 */
export function nextNote(shown: Note | null, notice: Notice, now: number): Note {
  const isStop = notice.stopsInMs !== undefined || notice.level === 'final';
  if (!isStop && shown?.stopsAt && shown.stopsAt > now) return shown;
  return { ...notice, stopsAt: notice.stopsInMs === undefined ? null : now + notice.stopsInMs };
}

/** Returns the notice shown over a terminal, and the text that a program asks to copy. */
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

/** Returns the whole seconds until a note's stop; null for a note without one. */
export function useSecondsLeft(note: Note): number | null {
  const now = useNow(undefined);
  if (note.stopsAt === null || !note.why) return null;
  return Math.max(0, Math.ceil((note.stopsAt - now) / 1000));
}
