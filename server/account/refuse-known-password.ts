import { DomainError } from '../errors';

/** In characters, for everyone who sets a password. */
export const MIN_PASSWORD_LENGTH = 8;

/**
 * Loaded with the first password, because the list takes some hundred milliseconds that no other command should wait.
 */
let known: Promise<Set<string>> | undefined;

type Lists = Pick<typeof import('@zxcvbn-ts/language-common'), 'dictionary'>;

async function loadKnown(): Promise<Set<string>> {
  const loaded: Lists & { default?: Lists } = await import('@zxcvbn-ts/language-common');
  // Bundled as a CommonJS module, the lists are under `default` alone.
  const { dictionary } = loaded.default ?? loaded;
  return new Set(dictionary['passwords-common'].map(String));
}

/**
 * Refuses a password that is among the fifty thousand most common ones of public breaches, in any letter case. Nothing
 * leaves the process. A password that is too short is left to the check of its length. Throws INVALID_INPUT.
 */
export async function refuseKnownPassword(password: string): Promise<void> {
  if (password.length < MIN_PASSWORD_LENGTH) return;
  known ??= loadKnown();
  if ((await known).has(password.toLowerCase()))
    throw new DomainError(
      'INVALID_INPUT',
      'This password is among the most common ones and easy to guess. Choose another one.',
    );
}
