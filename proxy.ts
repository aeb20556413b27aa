import { type NextRequest, NextResponse } from 'next/server';

/**
 * Every page runs the scripts that were made for this one answer and no others. Styles may be inline: the components and
 * the terminal write their own.
 */
function contentPolicy(nonce: string): string {
  const gateway = new URL(process.env.GATEWAY_URL || 'http://localhost:3002');
  const terminal = `${gateway.protocol === 'https:' ? 'wss:' : 'ws:'}//${gateway.host}`;
  const reload = process.env.NODE_ENV === 'development';
  return [
    "default-src 'self'",
    `script-src 'self' 'nonce-${nonce}' 'strict-dynamic'${reload ? " 'unsafe-eval'" : ''}`,
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data: blob:",
    "font-src 'self' data:",
    `connect-src 'self' ${terminal} ${gateway.origin}${reload ? ' ws:' : ''}`,
    "object-src 'none'",
    "base-uri 'none'",
    // A browser saves a file of a session by a form.
    `form-action 'self' ${gateway.origin}`,
    "frame-ancestors 'none'",
  ].join('; ');
}

/** No page takes anything: forms go to the routes of programs. */
const READING = new Set(['GET', 'HEAD']);

/** Gives each page its policy, and tells it which address was asked for, so that signing in leads back to it. */
export function proxy(request: NextRequest): NextResponse {
  const policy = contentPolicy(crypto.randomUUID());
  if (!READING.has(request.method)) {
    const headers = { allow: 'GET, HEAD', 'content-security-policy': policy };
    return new NextResponse('This page can only be read.', { status: 405, headers });
  }
  const headers = new Headers(request.headers);
  headers.set('x-hourglass-path', `${request.nextUrl.pathname}${request.nextUrl.search}`);
  headers.set('content-security-policy', policy);
  const response = NextResponse.next({ request: { headers } });
  response.headers.set('content-security-policy', policy);
  return response;
}

export const config = {
  // Pages, also those that are not there: everything but programs' routes and files, each by its whole name.
  matcher: ['/((?!api/|_next/|(?:healthz|readyz|metrics|mail/unsubscribe|icon\\.svg)$).*)'],
};
