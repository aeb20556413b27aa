import { createHash } from 'node:crypto';
import { signingSecrets } from '../signing-secrets';

/**
 * Returns the number by which ciphertexts name their secret; derived from the secret, so that it stays the same in any
 * order.
 */
const versionOf = (value: string): number => createHash('sha256').update(value).digest().readUInt32BE();

/** Returns the secrets in the form of the sign-in library; the newest signs and encrypts. */
export function authSecrets(authSecret: string) {
  const values = signingSecrets(authSecret);
  // `secret` decrypts what was encrypted before secrets had numbers.
  return { secret: values.at(-1), secrets: values.map((value) => ({ version: versionOf(value), value })) };
}

/** Returns the same secrets in the form of the library's functions that encrypt and decrypt. */
export function encryptionKeys(authSecret: string) {
  const values = signingSecrets(authSecret);
  return {
    keys: new Map(values.map((value) => [versionOf(value), value])),
    currentVersion: versionOf(values[0]),
    legacySecret: values.at(-1),
  };
}
