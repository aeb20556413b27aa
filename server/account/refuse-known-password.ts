import { DomainError } from '../errors';

/** Loaded with the first password that is set: the list takes some hundred milliseconds and no command waits for it in vain. */
let known: Promise<Set<string>> | undefined;

type Lists = Pick<typeof import('@zxcvbn-ts/language-common'), 'dictionary'>;

async function loadKnown(): Promise<Set<string>> {
  const loaded: Lists & { default?: Lists } = await import('@zxcvbn-ts/language-common');
  // Bundled as a CommonJS module, the lists are under `default` alone.
  const { dictionary } = loaded.default ?? loaded;
  return new Set(dictionary['passwords-common'].map(String));
}

/**
 * Refuses a password that is among the fifty thousand most used ones of public breaches, in whatever case. Nothing leaves the
 * process. Throws INVALID_INPUT.
 */
export async function refuseKnownPassword(password: string): Promise<void> {
  known ??= loadKnown();
  if ((await known).has(password.toLowerCase()))
    throw new DomainError(
      'INVALID_INPUT',
      'This password is one of the most used ones and known to everybody who guesses. Choose another one.',
    );
}
