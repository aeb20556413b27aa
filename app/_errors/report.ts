import { reduceError } from '@/server/http/reduce-error';
import { RELEASE } from './release';

type Kind = 'page' | 'script' | 'promise';

/** Most errors that one page reports; an error that repeats is reported once. */
const MOST = 5;
const told = new Set<string>();

/** Whether an error comes from a browser extension, or from a script whose details the browser hides. */
const isForeign = (message: string, stack: string): boolean =>
  /-extension:\/\//.test(stack) || /^Script error\.?$|ResizeObserver loop/.test(message);

/** Whether an error is a refusal or a lost connection: the page shows these to the user, and they are no defects. */
const isExpected = (error: unknown): boolean =>
  error instanceof Error && /^(TRPCClientError|AbortError)$/.test(error.name);

/** Reports an error of this page to the server, without anything that identifies a user. Never throws. */
export function reportError(error: unknown, kind: Kind): void {
  if (isExpected(error)) return;
  const { message, stack = '' } = error instanceof Error ? error : { message: String(error) };
  if (isForeign(message, stack) || told.size >= MOST) return;
  // Reduced before sending, so that data about a user does not leave the browser.
  const reduced = reduceError({ message, stack, path: window.location.pathname });
  const mark = `${reduced.message}\n${reduced.frames[0]}`;
  if (told.has(mark)) return;
  told.add(mark);
  const text = JSON.stringify({
    release: RELEASE,
    kind,
    message: reduced.message,
    stack: reduced.frames.map(frameLine).join('\n'),
    path: reduced.page,
  });
  void fetch('/api/client-errors', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    credentials: 'omit',
    keepalive: true,
    body: text,
  }).catch(() => {});
}

/** Returns a reduced frame as a line of a stack trace, the only form that the server reads. */
function frameLine(frame: string): string {
  const parts = frame.split(' ');
  const place = parts.pop();
  return `at ${parts.join(' ')} (/_next/static/${place})`;
}
