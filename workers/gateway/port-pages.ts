import { createHash } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { escapeHtml } from '@/server/escape-html';
import { PASS_LIFE_SECONDS } from '@/server/session/ports/pass';
import type { Refusal } from './answer';

/** The gateway's own pages on the address of a port. */

const STYLE =
  'body{font:16px/1.5 system-ui,sans-serif;max-width:34rem;margin:15vh auto;padding:0 1rem;color-scheme:light dark}';
/** Exchanges the ticket in the fragment, which is not sent with a request, for a pass; then opens the path. */
const SCRIPT = `const given=new URLSearchParams(location.hash.slice(1));history.replaceState(null,'',location.pathname);
fetch(location.pathname,{method:'POST',body:given.get('ticket')||''}).then((answer)=>{
if(answer.ok)location.replace(given.get('to')||'/');
else document.querySelector('p').textContent='This link is not valid any more. Open the port again from the session.'})`;

const hashOf = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
const POLICY = [
  "default-src 'none'",
  `script-src ${hashOf(SCRIPT)}`,
  `style-src ${hashOf(STYLE)}`,
  "connect-src 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ');

function page(title: string, text: string, more = ''): string {
  return `<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${escapeHtml(title)}</title><style>${STYLE}</style>
<h1>${escapeHtml(title)}</h1><p>${escapeHtml(text)}</p>${more}</html>
`;
}

const HEADERS = {
  'content-type': 'text/html; charset=utf-8',
  'cache-control': 'no-store',
  'content-security-policy': POLICY,
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
};

export const showEnter = (response: ServerResponse): void =>
  void response.writeHead(200, HEADERS).end(page('Opening…', 'One moment.', `<script>${SCRIPT}</script>`));

/** Responds with a page that says why a port cannot be shown, and where to continue. */
export function showWhy(
  response: ServerResponse,
  { status, message }: Refusal,
  way: { url: string; words: string },
): void {
  const link = `<p><a href="${escapeHtml(way.url)}">${way.words}</a></p>`;
  response.writeHead(status, HEADERS).end(page('This port cannot be shown', message, link));
}

/**
 * Returns the header that stores a pass: for this host only, unreadable for scripts, and not sent with requests that
 * other sites make.
 */
export function passCookie(pass: string, isSecure: boolean): string {
  const name = passCookieName(isSecure);
  const age = `Path=/; HttpOnly; SameSite=Lax; Max-Age=${PASS_LIFE_SECONDS}`;
  return `${name}=${pass}; ${age}${isSecure ? '; Secure' : ''}`;
}

export const passCookieName = (isSecure: boolean): string => `${isSecure ? '__Host-' : ''}hourglass-port`;
