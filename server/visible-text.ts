import { z } from 'zod';

/** Invisible characters: blanks, joiners, fillers, direction marks. The tag characters of flags are visible. */
const UNSEEN =
  '[\\p{Cc}\\p{Zs}\\p{Zl}\\p{Zp}\\u{2800}\\u{3164}\\u{FFA0}\\u{115F}\\u{1160}]|(?![\\u{E0020}-\\u{E007F}])\\p{Cf}';
const ENDS = new RegExp(`^(?:${UNSEEN})+|(?:${UNSEEN})+$`, 'gu');

/**
 * Characters that disturb a line: controls, line and paragraph breaks, lone surrogates, and marks that change the
 * direction of the text around them.
 */
const UNRULY = /[\p{Cc}\p{Cs}\u2028\u2029\u202A-\u202E\u2066-\u2069]/u;

/** Returns a name without invisible characters at its ends; empty when none is visible. Pure. */
const trimUnseen = (name: string): string => name.replace(ENDS, '');

/** Whether a text stays on one line and does not affect its surroundings. Pure. */
const isOrderly = (text: string): boolean => !UNRULY.test(text);

/**
 * Returns a name from another service in a form that can be stored: one line, trimmed, at most `most` characters. Pure.
 */
export function cleanName(name: string, most: number): string {
  const orderly = name.replace(new RegExp(UNRULY, 'gu'), ' ');
  return trimUnseen([...trimUnseen(orderly).slice(0, most)].filter((one) => isOrderly(one)).join(''));
}

/** Returns a schema for names: refuses names that disturb a line or have no visible character, and trims them. */
export const visibleName = (most: number) =>
  z
    .string()
    .max(most)
    .refine(
      isOrderly,
      'must not contain line breaks, incomplete characters or marks that change the direction of text',
    )
    .transform(trimUnseen)
    .refine((kept) => kept !== '', 'must contain a visible character');
