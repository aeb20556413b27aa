import { z } from 'zod';

/** What a person would see as nothing: blanks, joiners, fillers, marks of direction. Flags' tag characters are seen. */
const UNSEEN =
  '[\\p{Cc}\\p{Zs}\\p{Zl}\\p{Zp}\\u{2800}\\u{3164}\\u{FFA0}\\u{115F}\\u{1160}]|(?![\\u{E0020}-\\u{E007F}])\\p{Cf}';
const ENDS = new RegExp(`^(?:${UNSEEN})+|(?:${UNSEEN})+$`, 'gu');

/**
 * What does more than stand in a line: controls, line and paragraph breaks, halves of a character, and marks that turn
 * the direction of the text around them.
 */
const UNRULY = /[\p{Cc}\p{Cs}\u2028\u2029\u202A-\u202E\u2066-\u2069]/u;

/** Returns a name as it is kept: without what cannot be seen at its ends, and empty when nothing of it can be seen. Pure. */
const trimUnseen = (name: string): string => name.replace(ENDS, '');

/** True when a text stays in its line and leaves its neighbours alone. Pure. */
const isOrderly = (text: string): boolean => !UNRULY.test(text);

/** Returns a name from elsewhere made fit to be kept: orderly, without unseen ends, and no longer than `most` characters. Pure. */
export function cleanName(name: string, most: number): string {
  const orderly = name.replace(new RegExp(UNRULY, 'gu'), ' ');
  return trimUnseen([...trimUnseen(orderly).slice(0, most)].filter((one) => isOrderly(one)).join(''));
}

/** A name as it is taken in: refused when it is unruly or nothing of it can be seen, and kept without unseen ends. */
export const visibleName = (most: number) =>
  z
    .string()
    .max(most)
    .refine(
      isOrderly,
      'must not contain line breaks, halves of characters or marks that turn the direction of text',
    )
    .transform(trimUnseen)
    .refine((kept) => kept !== '', 'must contain something that can be seen');
