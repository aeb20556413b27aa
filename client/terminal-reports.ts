/**
 * Tells what a terminal sends by itself from keys and pastes, by its form: keys have the few forms that keyboards send,
 * every other control sequence is a report. Looks at every character once, whatever the input.
 */

const ESC = 0x1b;
const BEL = 0x07;

/** The end of the report that begins at `start`, or `start` when no report begins there. */
function reportEnd(input: string, start: number): number {
  switch (input[start + 1]) {
    case '[':
      return controlEnd(input, start);
    case ']':
    case 'P':
    case 'X':
    case '^':
    case '_':
      return stringEnd(input, start);
    default:
      return start;
  }
}

/** The end of `ESC [ parameters intermediates final`, or `start` for a key and for what is not whole. */
function controlEnd(input: string, start: number): number {
  let at = start + 2;
  while (isBetween(input, at, 0x30, 0x3f)) at++;
  const params = input.slice(start + 2, at);
  const middle = at;
  while (isBetween(input, at, 0x20, 0x2f)) at++;
  if (!isBetween(input, at, 0x40, 0x7e)) return start;
  const end = at + 1;
  // An old mouse report has three more characters.
  if (input[at] === 'M' && params === '' && middle === at) return Math.min(end + 3, input.length);
  return isKey(params, input.slice(middle, end)) ? start : end;
}

/** Arrows, editing and function keys with their modifiers, brackets of a paste, and keys as numbers. */
function isKey(params: string, form: string): boolean {
  if (!/^[A-HPQRSZ~^@u]$/.test(form) || !/^[\d;:]*$/.test(params)) return false;
  // A third function key with a modifier has the form of a cursor position and is taken for one.
  return form !== 'R' || !params.includes(';');
}

/** Colours and device control: text up to BEL or `ESC \`. What has no end is no report. */
function stringEnd(input: string, start: number): number {
  let at = start + 2;
  while (at < input.length && input.charCodeAt(at) !== ESC && input.charCodeAt(at) !== BEL) at++;
  if (input.charCodeAt(at) === BEL) return input[start + 1] === ']' ? at + 1 : start;
  return input[at + 1] === '\\' ? at + 2 : start;
}

function isBetween(input: string, at: number, least: number, most: number): boolean {
  const code = input.charCodeAt(at);
  return code >= least && code <= most;
}

/** The input without what a terminal sends by itself: keys and pastes. */
export function typedPart(input: string): string {
  let typed = '';
  let from = 0;
  for (let at = input.indexOf('\x1b'); at >= 0; at = input.indexOf('\x1b', at)) {
    const end = reportEnd(input, at);
    if (end === at) {
      at += 1;
      continue;
    }
    typed += input.slice(from, at);
    from = end;
    at = end;
  }
  return typed + input.slice(from);
}

/** True when somebody pressed a key, or pasted. */
export const isTyped = (input: string): boolean => typedPart(input).length > 0;
