import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Ctx } from '../context';
import { signingSecrets } from '../signing-secrets';

/** Cookies of the sign-in library, with and without the prefix of secure connections. */
const LIBRARY_COOKIE = /^(?:__Secure-)?hourglass\./;

/**
 * Returns the headers with cookies signed by an older secret re-signed with the newest one. The sign-in library knows
 * one secret, and a rotation must not sign anyone out. Without an older secret the headers are returned unchanged.
 */
export function resignCookies(authSecret: string, headers: Headers): Headers {
  const [newest, ...older] = signingSecrets(authSecret);
  const cookies = headers.get('cookie');
  if (older.length === 0 || cookies === null) return headers;
  const resigned = new Headers(headers);
  resigned.set(
    'cookie',
    cookies
      .split(/; */)
      .map((cookie) => resign(cookie, newest, older))
      .join('; '),
  );
  return resigned;
}

function resign(cookie: string, newest: string, older: string[]): string {
  const [name = '', ...rest] = cookie.split('=');
  const value = LIBRARY_COOKIE.test(name) ? decodeCookie(rest.join('=')) : '';
  const dot = value.lastIndexOf('.');
  if (dot < 1) return cookie;
  const [text, signature] = [value.slice(0, dot), value.slice(dot + 1)];
  if (!older.some((secret) => isCookieSignature(secret, text, signature))) return cookie;
  return `${name}=${encodeURIComponent(`${text}.${cookieSignature(newest, text).toString('base64')}`)}`;
}

const cookieSignature = (secret: string, text: string): Buffer =>
  createHmac('sha256', secret).update(text).digest();

/** Whether this secret made the signature of a cookie's text, in the sign-in library's format. */
function isCookieSignature(secret: string, text: string, signature: string): boolean {
  const given = Buffer.from(signature, 'base64');
  const right = cookieSignature(secret, text);
  return given.length === right.length && timingSafeEqual(given, right);
}

/**
 * Returns the signed value of the sign-in library's cookie of this name; null without one, with two, and for one that
 * none of the installation's secrets signed.
 */
export function readSignedCookie(
  { env }: Pick<Ctx, 'env'>,
  cookies: string | null,
  name: string,
): string | null {
  const prefix = `${env.APP_URL.startsWith('https:') ? '__Secure-' : ''}hourglass.${name}=`;
  const found = (cookies ?? '').split(/; ?/).filter((one) => one.startsWith(prefix));
  const [value] = found;
  if (value === undefined || found.length !== 1) return null;
  const [text, signature, ...rest] = decodeCookie(value.slice(prefix.length)).split('.');
  if (!text || !signature || rest.length > 0) return null;
  const isOurs = signingSecrets(env.AUTH_SECRET).some((secret) => isCookieSignature(secret, text, signature));
  return isOurs ? text : null;
}

/** Returns the decoded value of a cookie; empty when it is malformed. */
function decodeCookie(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return '';
  }
}
