/**
 * What a terminal sends by itself: cursor and device reports, focus changes, mouse moves, colour answers. None of it is
 * a person typing, and none of it may keep an idle session alive.
 */
const REPORTS = [
  /\x1b\[\d+;\d+R/g, // cursor position
  /\x1b\[[?>=]?[\d;]*c/g, // device attributes
  /\x1b\[[IO]/g, // focus in, out
  /\x1b\[<\d+;\d+;\d+[Mm]/g, // mouse, SGR
  /\x1b\[M[\s\S]{3}/g, // mouse, old
  /\x1b\[\d+(;\d+)*[nt]/g, // status and window reports
  /\x1b\][\d;]*[^\x07\x1b]*(\x07|\x1b\\)/g, // answers about colours and the like
  /\x1bP[\s\S]*?\x1b\\/g, // device control answers
  /\x1b\[\?[\d;]*\$y/g, // mode reports
];

/** True when somebody pressed a key, or pasted. */
export function isTyped(input: string): boolean {
  return REPORTS.reduce((rest, report) => rest.replace(report, ''), input).length > 0;
}
