/**
 * What a terminal sends by itself: cursor and device reports, focus changes, mouse moves, colour answers. None of it is
 * a person typing. Every character is looked at once, whatever the input.
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
    case '_':
      return stringEnd(input, start);
    default:
      return start;
  }
}

/** `ESC [ parameters intermediates final`: a report by its parameters and its final letter. */
function controlEnd(input: string, start: number): number {
  let at = start + 2;
  while (isBetween(input, at, 0x30, 0x3f)) at++;
  const params = input.slice(start + 2, at);
  const middle = at;
  while (isBetween(input, at, 0x20, 0x2f)) at++;
  if (!isBetween(input, at, 0x40, 0x7e)) return start;
  const form = input.slice(middle, at + 1);
  const end = at + 1;
  // An old mouse report has three more characters.
  if (form === 'M' && params === '') return Math.min(end + 3, input.length);
  return isReport(params, form) ? end : start;
}

function isReport(params: string, form: string): boolean {
  switch (form) {
    case 'R': // cursor position
      return /^\??\d+;\d+(;\d+)?$/.test(params);
    case 'c': // device attributes
      return /^[?>=]?[\d;]*$/.test(params);
    case 'I': // focus in
    case 'O': // focus out
      return params === '';
    case 'M': // mouse
    case 'm':
      return /^<?\d+;\d+;\d+$/.test(params);
    case 'n': // status
      return /^\??\d+(;\d+)*$/.test(params);
    case 't': // window
      return /^\d+(;\d+)*$/.test(params);
    case 'u': // keyboard mode
      return /^\?\d+$/.test(params);
    case '$y': // mode
      return /^\??\d+;\d+$/.test(params);
    default:
      return false;
  }
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
