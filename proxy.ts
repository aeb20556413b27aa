import { type NextRequest, NextResponse } from 'next/server';

/** Tells pages which address was asked for, so that signing in leads back to it. */
export function proxy(request: NextRequest): NextResponse {
  const headers = new Headers(request.headers);
  headers.set('x-hourglass-path', `${request.nextUrl.pathname}${request.nextUrl.search}`);
  return NextResponse.next({ request: { headers } });
}

export const config = {
  matcher: ['/dashboard', '/sessions/:path*', '/usage', '/settings', '/billing/:path*', '/plans'],
};
