import { createHash, randomBytes } from 'node:crypto';

/** `hg_<8 for recognition>_<32 that are the secret>`; only the hash of the whole is stored. */
export function newApiKeyText(): { key: string; prefix: string; hash: string } {
  const prefix = `hg_${randomBytes(6).toString('base64url').replace(/[-_]/g, 'x')}`;
  const key = `${prefix}_${randomBytes(24).toString('base64url')}`;
  return { key, prefix, hash: hashApiKey(key) };
}

/** The keys are random, so a plain hash cannot be guessed backwards. */
export const hashApiKey = (key: string): string => createHash('sha256').update(key).digest('hex');

/** True for text that could be one of our keys; anything else is refused without asking the database. */
export const looksLikeApiKey = (text: string): boolean => /^hg_[\w-]{8}_[\w-]{32}$/.test(text);
