import { createHmac, timingSafeEqual } from 'node:crypto';

/**
 * Returns the secrets of an installation, the newest first: `AUTH_SECRET` holds one, or several separated by commas
 * during a rotation. The first one signs; signatures of all are valid.
 */
export const signingSecrets = (authSecret: string): [newest: string, ...older: string[]] => {
  const [newest = '', ...older] = authSecret.split(',').map((secret) => secret.trim());
  return [newest, ...older];
};

/**
 * Returns the signature of a text under one secret. The text starts with its purpose, so that signatures cannot be
 * reused.
 */
export const signText = (secret: string, text: string): string =>
  createHmac('sha256', secret).update(text).digest('base64url');

/** Whether any of the installation's secrets made a signature; `sign` makes it under one secret. */
export const isSignedByOurs = (
  authSecret: string,
  given: string,
  sign: (secret: string) => string,
): boolean => signingSecrets(authSecret).some((secret) => isSameText(given, sign(secret)));

function isSameText(a: string, b: string): boolean {
  const left = Buffer.from(a);
  const right = Buffer.from(b);
  return left.length === right.length && timingSafeEqual(left, right);
}
