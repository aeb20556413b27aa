import { createHash } from 'node:crypto';
import { signingSecrets } from '../signing-secrets';

/** What was encrypted under a secret names it by this number, which stays the same in whatever order the secrets stand. */
const versionOf = (value: string): number => createHash('sha256').update(value).digest().readUInt32BE();

/** Returns the secrets as the sign-in library takes them; the newest signs and encrypts. */
export function authSecrets(authSecret: string) {
  const values = signingSecrets(authSecret);
  // `secret` reads what was encrypted before there were numbers.
  return { secret: values.at(-1), secrets: values.map((value) => ({ version: versionOf(value), value })) };
}

/** Returns the same secrets as the library's functions that encrypt and decrypt take them. */
export function encryptionKeys(authSecret: string) {
  const values = signingSecrets(authSecret);
  return {
    keys: new Map(values.map((value) => [versionOf(value), value])),
    currentVersion: versionOf(values[0]),
    legacySecret: values.at(-1),
  };
}
