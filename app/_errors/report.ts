import { reduceError } from '@/server/http/reduce-error';
import { RELEASE } from './release';

type Kind = 'page' | 'script' | 'promise';

/** Reports of one page: what repeats itself is told once, and a page that goes on breaking falls silent. */
const MOST = 5;
const told = new Set<string>();

/** Scripts of browser extensions, and what browsers say of scripts they hide, are none of ours. */
const isForeign = (message: string, stack: string): boolean =>
  /-extension:\/\//.test(stack) || /^Script error\.?$|ResizeObserver loop/.test(message);

/** Refusals and lost connections are told to the person; they are no defects. */
const isExpected = (error: unknown): boolean =>
  error instanceof Error && /^(TRPCClientError|AbortError)$/.test(error.name);

/** Tells the server what broke in this page, reduced to what identifies nobody. Never throws. */
export function reportError(error: unknown, kind: Kind): void {
  if (isExpected(error)) return;
  const { message, stack = '' } = error instanceof Error ? error : { message: String(error) };
  if (isForeign(message, stack) || told.size >= MOST) return;
  // Reduced here already: what identifies somebody does not leave the browser.
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

/** A reduced frame as a line of a stack again: the server reads one form. */
function frameLine(frame: string): string {
  const parts = frame.split(' ');
  const place = parts.pop();
  return `at ${parts.join(' ')} (/_next/static/${place})`;
}
