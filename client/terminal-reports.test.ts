import { describe, expect, it } from 'vitest';
import { isTyped, typedPart } from './terminal-reports';

describe('what a terminal says by itself', () => {
  it.each([
    'a',
    '\r',
    '\x03',
    '\x1b[A',
    '\x1bOP',
    'pasted text\n',
    '\x1b[200~paste\x1b[201~',
    '\x1b',
    '\x1b]',
    '\x1bP',
    '\x1b[97;5u',
    '\x1b[1;5A',
    '\x1b[15;2~',
    '\x1b[Z',
    '\x1b[3$',
    '\x1bb',
  ])('MACHINE-24 %j is typed', (input) => expect(isTyped(input)).toBe(true));
  it.each([
    '\x1b[24;80R',
    '\x1b[?1;2c',
    '\x1b[>0;276;0c',
    '\x1b[I',
    '\x1b[O',
    '\x1b[<35;10;5M',
    '\x1b[M !!',
    '\x1b[0n',
    '\x1b[8;24;80t',
    '\x1b[?12;2$y',
    '\x1b[?0u',
    '\x1b]11;rgb:1616/1414/0f0f\x07',
    '\x1b]11;rgb:1616/1414/0f0f\x1b\\',
    '\x1bP1$r0m\x1b\\',
    '\x1b[I\x1b[24;80R',
    '\x1b[?997;1n',
    '\x1b[?64;1;2x',
    '\x1b[2;1;1;112;112;1;0x',
    '\x1b[1;2;3;4w',
    '\x1b[=5;1u',
    '\x1b[?2031;1S',
    '\x1b[1;1"q',
    '\x1bX a string of the start \x1b\\',
    '\x1b^private\x1b\\',
    '',
  ])('MACHINE-24 %j is not', (input) => expect(isTyped(input)).toBe(false));

  it('MACHINE-24 keys between reports are found', () => {
    expect(typedPart('\x1b[?1;2cl\x1b[Is\x1b]10;rgb:0/0/0\x07\r\x1b[A')).toBe('ls\r\x1b[A');
  });

  it('MACHINE-24 reading takes time in proportion to what there is', () => {
    // The fastest of three: what else the computer does meanwhile is not measured.
    const took = (text: string) =>
      Math.min(
        ...Array.from({ length: 3 }, () => {
          const before = performance.now();
          typedPart(text);
          return performance.now() - before;
        }),
      );
    for (const part of ['\x1b]', '\x1b[', '\x1bP1', '\x1b[1;', '\x1b[M', '\x1b[0n']) {
      // A few hundredths of a second; in proportion to the square of the text it would be many minutes.
      expect(took(part.repeat(400_000)), JSON.stringify(part)).toBeLessThan(1_500);
    }
  });
});
