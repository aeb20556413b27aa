import { symmetricDecrypt, symmetricEncrypt } from 'better-auth/crypto';
import { encryptionKeys } from '../account/auth-secrets';

/** Which variable a value belongs to; sealed with it, so that a row cannot lend its value to another. */
export type SecretPlace = { accountId: string; sessionId: string | null; name: string };

const placeOf = ({ accountId, sessionId, name }: SecretPlace) => JSON.stringify([accountId, sessionId, name]);

/** Encrypts a value under the newest secret of the installation. */
export const sealValue = (authSecret: string, place: SecretPlace, value: string): Promise<string> =>
  symmetricEncrypt({
    key: encryptionKeys(authSecret),
    data: JSON.stringify({ place: placeOf(place), value }),
  });

/** Decrypts a value; null when none of the installation's secrets can, or when it was sealed for another place. */
export async function openValue(
  authSecret: string,
  place: SecretPlace,
  sealed: string,
): Promise<string | null> {
  try {
    const text = await symmetricDecrypt({ key: encryptionKeys(authSecret), data: sealed });
    const said = JSON.parse(text) as { place: string; value: string };
    return said.place === placeOf(place) ? said.value : null;
  } catch {
    return null;
  }
}
