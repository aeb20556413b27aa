import type { IncomingMessage, ServerResponse } from 'node:http';
import { runDue } from '../control/clock';
import { Failure } from '../store/failure';
import type { World } from '../store/world';
import { bankPage } from './bank';
import { checkoutPage } from './checkout';
import { invoicePage } from './invoice';
import { invoicePdf } from './invoice-pdf';
import { messagePage } from './layout';
import { portalPage } from './portal';

/** A page, a redirect or a PDF. */
export type PageAnswer = { html: string; status?: number } | { to: string } | { pdf: Buffer };

export interface PageCall {
  world: World;
  id: string;
  /** The part of the path after the id, without the slash. */
  part: string;
  /** The form's fields; undefined for a GET. */
  form: URLSearchParams | undefined;
  query: URLSearchParams;
}

const PAGES: [RegExp, (call: PageCall) => PageAnswer][] = [
  [/^\/c\/pay\/([^/]+)(?:\/(challenge))?$/, checkoutPage],
  [/^\/challenge\/([^/]+)$/, bankPage],
  [/^\/p\/session\/([^/]+)(?:\/([a-z_]+))?$/, portalPage],
  [/^\/i\/([^/]+)\/(pdf)$/, invoicePdf],
  [/^\/i\/([^/]+)(?:\/(challenge))?$/, invoicePage],
];

/** Answers requests for the hosted pages: server-rendered forms that work without scripts. */
export async function handlePage(
  world: World,
  req: IncomingMessage,
  res: ServerResponse,
  url: URL,
  body: string,
): Promise<void> {
  runDue(world, world.now(), null);
  send(res, answerPage(world, req.method ?? 'GET', url, body));
}

function answerPage(world: World, method: string, url: URL, body: string): PageAnswer {
  for (const [pattern, run] of PAGES) {
    const match = pattern.exec(url.pathname);
    if (!match) continue;
    const form = method === 'POST' ? new URLSearchParams(body) : undefined;
    try {
      return world.work(() =>
        run({ world, id: match[1] ?? '', part: match[2] ?? '', form, query: url.searchParams }),
      );
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      return { html: messagePage('That did not work', error.message), status: error.status };
    }
  }
  const text =
    'This is the local stand-in for Stripe. Its API lives under /v1; the product links to its pages.';
  if (url.pathname === '/') return { html: messagePage('Test payments', text) };
  return { html: messagePage('Nothing here', text), status: 404 };
}

function send(res: ServerResponse, answer: PageAnswer): void {
  // No form-action, because browsers also apply it to the redirect back to the shop.
  const headers = {
    'cache-control': 'no-store',
    'content-security-policy':
      "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'",
    'referrer-policy': 'no-referrer',
  };
  if ('to' in answer) {
    res.writeHead(303, { ...headers, location: answer.to });
    res.end();
  } else if ('pdf' in answer) {
    res.writeHead(200, { ...headers, 'content-type': 'application/pdf' });
    res.end(answer.pdf);
  } else {
    res.writeHead(answer.status ?? 200, { ...headers, 'content-type': 'text/html; charset=utf-8' });
    res.end(answer.html);
  }
}
