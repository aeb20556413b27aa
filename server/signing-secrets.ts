import { createHmac, timingSafeEqual } from 'node:crypto';

/**
 * Returns the secrets of an installation, the newest first: `AUTH_SECRET` is one, or several separated by commas while it
 * is being changed. The first one signs; what any of them signed is valid.
 */
export const signingSecrets = (authSecret: string): [newest: string, ...older: string[]] => {
  const [newest = '', ...older] = authSecret.split(',').map((secret) => secret.trim());
  return [newest, ...older];
};

/** Returns the signature of a text under one secret; the text begins with what it is for. */
export const signText = (secret: string, text: string): string =>
  createHmac('sha256', secret).update(text).digest('base64url');

/** True when a signature was made by any of the installation's secrets, as `sign` makes it under one. */
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
