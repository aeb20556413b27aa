/** An error of a page as its browser saw it. */
export type RawError = { message: string; stack: string; path: string };
export type ReducedError = { message: string; frames: string[]; page: string };

const MESSAGE_CHARS = 300;
const FRAMES = 20;

/** In this order: a text in quotes may hold an address, and an address an id. */
const PERSONAL: [RegExp, string][] = [
  [/"[^"]*"|“[^”]*”/g, '[…]'],
  [/\b[a-z][a-z+.-]*:\/\/[^\s)]+/gi, '[address]'],
  [/[^\s@/]+@[^\s@/]+/g, '[email]'],
  [/\b[0-9a-f]{8}-[0-9a-f-]{27}\b/gi, '[id]'],
  [/[\w-]{20,}/g, '[cut]'],
];

const impersonal = (text: string): string =>
  PERSONAL.reduce((rest, [pattern, word]) => rest.replace(pattern, word), text);

/** A frame of Chrome (`at name (url:1:2)`) or of Firefox and Safari (`name@url:1:2`) in a script of this app. */
const FRAME =
  /^\s*(?:at (?:async )?)?([\w$.<>]{0,80})\s*[(@]?.*\/_next\/static\/[^\s?]*?([\w.~-]{1,80}\.js)(?:\?[^:]*)?(:\d+:\d+)\)?$/;

/**
 * Reduces an error of a page to what explains it and identifies nobody: a message without quoted text, emails, addresses,
 * ids and keys, functions with their places in this app's scripts, and the page without its ids and query. Pure.
 */
export function reduceError({ message, stack, path }: RawError): ReducedError {
  const frames = stack
    .slice(0, 16_000)
    .split('\n')
    .flatMap((line) => {
      const [, name, file, place] = FRAME.exec(line.slice(0, 500)) ?? [];
      return file ? [`${name} ${file}${place}`.trim()] : [];
    });
  const page = impersonal((path.split(/[?#]/)[0] ?? '').slice(0, 500)).replaceAll('[cut]', '[id]');
  return {
    message: impersonal(message.slice(0, 2_000)).slice(0, MESSAGE_CHARS),
    frames: frames.slice(0, FRAMES),
    page,
  };
}
