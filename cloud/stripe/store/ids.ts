import { randomBytes } from 'node:crypto';

const LETTERS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/** Returns a new id: `prefix_` and 24 random letters and digits. */
export function newStripeId(prefix: string): string {
  return `${prefix}_${randomLetters(24)}`;
}

export function randomLetters(count: number): string {
  return [...randomBytes(count)].map((byte) => LETTERS[byte % LETTERS.length]).join('');
}
