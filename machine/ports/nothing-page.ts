import type { IncomingMessage, ServerResponse } from 'node:http';

/** Answers 502, nothing listens on this port: for browsers a page that reloads every few seconds, for programs JSON. */
export function answerNothing(request: IncomingMessage, response: ServerResponse, port: number): void {
  request.resume();
  const message = `Nothing listens on port ${port} of this session.`;
  const isPage = (request.headers.accept ?? '').includes('text/html');
  response.writeHead(502, {
    'content-type': isPage ? 'text/html; charset=utf-8' : 'application/json',
    'cache-control': 'no-store',
    ...(isPage ? { refresh: '3' } : {}),
  });
  response.end(isPage ? page(message) : JSON.stringify({ error: { reason: 'NOT_FOUND', message } }));
}

const page = (message: string): string => `<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Nothing here yet</title>
<style>body{font:16px/1.5 system-ui,sans-serif;max-width:34rem;margin:15vh auto;padding:0 1rem;color-scheme:light dark}</style>
<h1>Nothing here yet</h1><p>${message}</p>
<p>Start your server in the terminal. This page asks again every few seconds.</p></html>
`;
