/**
 * Returns what is wrong with the output of a benchmark: no table with a comparison, or a figure that is not a number.
 * Pure.
 */
export function complaintsAbout(output: string): string[] {
  const tables = output
    .split(/\n\s*\n/)
    .map((block) => block.trim().split('\n'))
    .filter((lines) => lines.length >= 3 && lines.slice(2).some((line) => /\d/.test(line)));
  const wrong = output.split('\n').filter((line) => /\b(?:NaN|Infinity|undefined)\b/.test(line));
  return [
    ...(tables.some((lines) => lines.length >= 4) ? [] : ['it prints no figure beside its comparison']),
    ...wrong.map((line) => `it prints no figure in: ${line.trim()}`),
  ];
}
