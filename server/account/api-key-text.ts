import { createHash, randomBytes } from 'node:crypto';

/**
 * Returns a new key `hg_<8 to recognise it>_<32 secret>`, its prefix and its hash. Only the hash of the whole key is
 * stored.
 */
export function newApiKeyText(): { key: string; prefix: string; hash: string } {
  const prefix = `hg_${randomBytes(6).toString('base64url').replace(/[-_]/g, 'x')}`;
  const key = `${prefix}_${randomBytes(24).toString('base64url')}`;
  return { key, prefix, hash: hashApiKey(key) };
}

/** Returns the hash of a key. Keys are random, so a plain hash cannot be reversed by guessing. */
export const hashApiKey = (key: string): string => createHash('sha256').update(key).digest('hex');

/** Whether a text has the form of a key; other texts are refused without a lookup. */
export const looksLikeApiKey = (text: string): boolean => /^hg_[\w-]{8}_[\w-]{32}$/.test(text);
