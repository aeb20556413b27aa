import { webContext } from '@/app/_server/context';
import { readBounded } from '@/app/_server/read-bounded';
import { limitDatabaseTime } from '@/db/time-limit';
import { REQUEST_TIMEOUT_MS } from '@/server/context';
import { DomainError, TooLarge } from '@/server/errors';
import { toResponse } from '@/server/http/to-response';
import { readRefusalToken, refuseMail } from '@/server/mail/refuse-mail';

export const dynamic = 'force-dynamic';

const POLICY =
  "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

const page = (status: number, title: string, body: string): Response =>
  new Response(
    `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark"><title>${title}</title></head><body style="font:16px/1.5 system-ui,sans-serif;max-width:520px;margin:64px auto;padding:0 16px"><h1 style="font-size:20px">${title}</h1>${body}</body></html>`,
    {
      status,
      headers: {
        'content-type': 'text/html; charset=utf-8',
        'cache-control': 'no-store',
        'content-security-policy': POLICY,
        // The URL contains the token.
        'referrer-policy': 'no-referrer',
      },
    },
  );
const button = (label: string, again: boolean): string =>
  `<form method="post"><button name="${again ? 'again' : 'refuse'}" value="1" style="font:inherit;padding:8px 16px">${label}</button></form>`;

const BAD = 'This link is not valid. Use the one in the newest email.';

const personOf = (request: Request): string | null => {
  const token = new URL(request.url).searchParams.get('token') ?? '';
  return readRefusalToken(webContext().env.AUTH_SECRET, token.slice(0, 300));
};

/** Asks before it unsubscribes, because programs that scan emails open every link. */
export async function GET(request: Request): Promise<Response> {
  if (personOf(request) === null) return page(400, 'Not valid', `<p>${BAD}</p>`);
  return page(200, 'News about your quota', button('No more news about my quota', false));
}

/** Also called by mail programs for one-click unsubscribe (RFC 8058). */
export async function POST(request: Request): Promise<Response> {
  const userId = personOf(request);
  if (userId === null) return page(400, 'Not valid', `<p>${BAD}</p>`);
  let again = false;
  try {
    again = new URLSearchParams(await (await readBounded(request)).text()).has('again');
    await limitDatabaseTime(REQUEST_TIMEOUT_MS, () => refuseMail(webContext().ctx, userId, again));
  } catch (error) {
    if (error instanceof TooLarge) return toResponse(error, webContext().ctx.log);
    if (!(error instanceof DomainError)) throw error;
    return page(
      503,
      'Not done yet',
      '<p>Our database cannot be reached right now. Try again in a moment.</p>',
    );
  }
  return again
    ? page(200, 'You will get news about your quota again', '')
    : page(
        200,
        'You will get no more news about your quota',
        `<p>You will still get emails about payments and your plan.</p>${button('Send it again', true)}`,
      );
}
