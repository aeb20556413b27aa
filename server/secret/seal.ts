import { symmetricDecrypt, symmetricEncrypt } from 'better-auth/crypto';
import { encryptionKeys } from '../account/auth-secrets';

/** The variable a value belongs to; encrypted with the value, so that another row cannot use it. */
export type SecretPlace = { accountId: string; sessionId: string | null; name: string };

const placeOf = ({ accountId, sessionId, name }: SecretPlace) => JSON.stringify([accountId, sessionId, name]);

/** Returns a value encrypted under the newest secret of the installation. */
export const sealValue = (authSecret: string, place: SecretPlace, value: string): Promise<string> =>
  symmetricEncrypt({
    key: encryptionKeys(authSecret),
    data: JSON.stringify({ place: placeOf(place), value }),
  });

/** Returns the decrypted value; null when none of the installation's secrets decrypts it, or when it was sealed elsewhere. */
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
