import { Terminal } from '@xterm/headless';
import { describe, expect, it } from 'vitest';
import { measureGraphemes } from './graphemes';
import { unfinishedTail } from './output-tail';
import { Screen } from './screen';

const COLS = 60;
const ROWS = 12;

const stateOf = (screen: Screen): Promise<string> => new Promise((resolve) => screen.read(resolve));

/** Returns everything a user can notice of a terminal: cells, cursor, modes. */
function picture(terminal: Terminal): unknown {
  const core = (terminal as unknown as { _core: Record<string, never> })._core as never as {
    coreService: { isCursorHidden: boolean; decPrivateModes: object };
    coreMouseService: { activeEncoding: string };
    _bufferService: { buffer: { scrollTop: number; scrollBottom: number } };
    _inputHandler: { _curAttrData: { fg: number; bg: number } };
  };
  const { active, normal } = terminal.buffer;
  const cells = (buffer: typeof active) =>
    Array.from({ length: buffer.length }, (_, y) => {
      const line = buffer.getLine(y);
      return Array.from({ length: terminal.cols }, (_, x) => {
        const cell = line?.getCell(x);
        const isEmpty = (cell?.getChars() ?? '') === '' || cell?.getChars() === ' ';
        return [
          isEmpty ? ' ' : cell?.getChars(),
          isEmpty ? 0 : cell?.getFgColor(),
          cell?.getBgColor(),
          cell?.isBold(),
        ].join();
      }).join('|');
    });
  const { scrollTop, scrollBottom } = core._bufferService.buffer;
  const { fg, bg } = core._inputHandler._curAttrData;
  return {
    type: active.type,
    cursor: [active.cursorX, active.cursorY],
    cells: cells(active),
    under: active.type === 'alternate' ? [normal.cursorX, normal.cursorY, ...cells(normal)] : null,
    modes: { ...terminal.modes },
    private: { ...core.coreService.decPrivateModes },
    hidden: core.coreService.isCursorHidden,
    mouse: core.coreMouseService.activeEncoding,
    region: [scrollTop, scrollBottom],
    // Without the flag of links, which a state does not keep.
    pen: [fg, bg].map((bits) => bits & ~0x10000000),
  };
}

const write = (terminal: Terminal, data: string | Buffer) =>
  new Promise<void>((resolve) => terminal.write(data, resolve));
/** Returns a terminal that measures characters as the page does. */
function blank(): Terminal {
  const terminal = new Terminal({ cols: COLS, rows: ROWS, scrollback: 2_000, allowProposedApi: true });
  measureGraphemes(terminal);
  return terminal;
}

const PAST = {
  'a shell with colours': '\x1b[32muser\x1b[0m$ ls\r\n\x1b[1;34mdir\x1b[0m  file\r\n\x1b[32muser\x1b[0m$ ',
  'wide and joined characters': 'grüße 漢字 👩‍💻 e\u0301\r\n> ',
  'a long line that wraps': `${'wrap '.repeat(40)}\r\n$ `,
  'a scrollback': Array.from({ length: 300 }, (_, i) => `line ${i}\r\n`).join(''),
  'an editor': `$ vi f\r\n\x1b[31mred\x1b[0m\x1b[?1049h\x1b[?1h\x1b=\x1b[?2004h\x1b[?1004h\x1b[?25l\x1b[2J\x1b[1;1Hfirst\x1b[7m status \x1b[0m\x1b[5;9H\x1b[?25h`,
  'an editor that was left': '$ vi f\r\n\x1b[?1049h\x1b[2Jtext\x1b[?1049l$ ',
  'a mouse program': '\x1b[?1049h\x1b[?1002h\x1b[?1006h\x1b[?25l\x1b[44mblue\x1b[K',
  'a scroll region': '\x1b[2Jtop\x1b[3;8r\x1b[8;1Hlast of region\x1b[4;5H',
  'a region of its own origin': '\x1b[3;8r\x1b[?6h\x1b[2;3Hhere',
  'a cursor of another shape': '\x1b[5 qtyping',
  'a pen in colour': 'plain \x1b[1;38;2;10;20;30;45mcoloured',
  'a line that is just full': 'x'.repeat(COLS),
  'no wrapping': `\x1b[?7l${'x'.repeat(COLS + 10)}`,
};

describe('a screen that comes back', () => {
  it.each(Object.entries(PAST))(
    'MACHINE-50 %s: cells, cursor, colours and modes are those of before',
    async (_, past) => {
      const screen = new Screen(COLS, ROWS);
      screen.write(Buffer.from(past));
      const [before, after] = [blank(), blank()];
      await write(before, past);
      await write(after, await stateOf(screen));
      expect(picture(after)).toEqual(picture(before));
      for (const terminal of [before, after]) {
        await write(terminal, 'X\r\nY');
        if (terminal.buffer.active.type === 'alternate') await write(terminal, '\x1b[?1049lZ');
      }
      expect(picture(after)).toEqual(picture(before));
    },
  );

  it('MACHINE-51 holds no question that a terminal would answer', async () => {
    const screen = new Screen(COLS, ROWS);
    screen.write(
      Buffer.from(
        '\x1b[c\x1b[>c\x1b[6n\x1b[5n\x1b]10;?\x07\x1b]11;?\x1b\\\x1b[?12$p\x1bP$qm\x1b\\\x1b[18tvim\x1b[?1049h',
      ),
    );
    const after = blank();
    const answers: string[] = [];
    after.onData((data) => answers.push(data));
    await write(after, await stateOf(screen));
    expect(answers).toEqual([]);
  });

  it('MACHINE-50 goes on from exactly there, wherever the stream was cut', async () => {
    const stream = Buffer.from(
      `é漢👩‍💻\x1b[1;31mred\x1b[0m \x1b]0;a title\x07\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\ \x1bP+q544e\x1b\\\x1b(0qqq\x1b(Bend`,
    );
    const whole = blank();
    await write(whole, stream);
    for (let cut = 1; cut < stream.length; cut++) {
      const screen = new Screen(COLS, ROWS);
      const [first, rest] = [stream.subarray(0, cut), stream.subarray(cut)];
      screen.write(first);
      // In chunks of one byte, as a slow shell writes.
      let tail: Buffer = Buffer.alloc(0);
      for (const byte of first) tail = unfinishedTail(tail, Buffer.from([byte]));
      expect(unfinishedTail(Buffer.alloc(0), first).equals(tail), `tail at ${cut}`).toBe(true);
      const joined = blank();
      await write(joined, Buffer.concat([Buffer.from(await stateOf(screen)), tail, rest]));
      expect(picture(joined), `cut at ${cut}`).toEqual(picture(whole));
    }
  });

  it.each([
    ['a plain line', (text: string) => `$ ${text}`],
    ['a titled shell with a hidden cursor', (text: string) => `\x1b]0;title\x07\x1b[?25l\x1b[32m$ ${text}`],
    ['the last column', (text: string) => `\x1b]0;title\x07${'x'.repeat(COLS - 2)}${text}`],
    ['a region of its own origin', (text: string) => `\x1b[3;8r\x1b[?6h\x1b[2;3H${text}`],
  ])('MACHINE-111 a character of many parts goes on where it was cut: %s', async (_, place) => {
    for (const text of ['👩\u200d💻|', '🇨🇭|', 'e\u0301|', '❤\ufe0f|', '👍🏽|', 'ab\x1b[3bc', '漢\u0301|']) {
      const stream = Buffer.from(place(text));
      const whole = blank();
      await write(whole, stream);
      for (let cut = Buffer.from(place('')).length; cut < stream.length; cut++) {
        const screen = new Screen(COLS, ROWS);
        const [first, rest] = [stream.subarray(0, cut), stream.subarray(cut)];
        screen.write(first);
        const tail = unfinishedTail(Buffer.alloc(0), first);
        const joined = blank();
        await write(joined, Buffer.concat([Buffer.from(await stateOf(screen)), tail, rest]));
        expect(picture(joined), `${text} cut at ${cut}`).toEqual(picture(whole));
      }
    }
  });

  it.each([
    ['😀😀', 4],
    ['👩\u200d💻', 2],
    ['👍🏽', 2],
    ['🇨🇭', 2],
    ['❤\ufe0f', 2],
    ['✅', 2],
    ['漢字', 4],
    ['e\u0301', 1],
    ['한국', 4],
    ['→·', 2],
  ])('MACHINE-110 %s takes %i cells', async (text, width) => {
    const terminal = blank();
    await write(terminal, text);
    expect(terminal.buffer.active.cursorX).toBe(width);
  });

  it('MACHINE-50 is bounded', async () => {
    const screen = new Screen(COLS, ROWS);
    for (let i = 0; i < 12; i++) {
      screen.write(Buffer.from('0123456789 0123456789 0123456789 0123456789 01234567\r\n'.repeat(1_000)));
      await stateOf(screen);
    }
    const state = await stateOf(screen);
    expect(state.length).toBeLessThan(250_000);
    expect(state.split('\n').length).toBeGreaterThan(1_900);
  });
});
