import { SerializeAddon } from '@xterm/addon-serialize';
import { Terminal } from '@xterm/headless';
import { measureGraphemes } from './graphemes';

/** Lines above the screen kept for viewers who join later. */
const SCROLLBACK_LINES = 2_000;
/** Bytes of output that may wait to be drawn here; past this the shell waits. */
const MOST_BACKLOG = 512 * 1024;
const MOST_PIECE = 64 * 1024;
/** How the serializer switches to the alternate screen. A reset is put before it, so that the colours of the main screen end. */
const SECOND_SCREEN = '\x1b[?1049h\x1b[H';

/** State of the terminal that the serializer leaves out. The package is pinned to one version. */
type Insides = {
  coreService: {
    isCursorHidden: boolean;
    decPrivateModes: { cursorStyle?: 'block' | 'underline' | 'bar'; cursorBlink?: boolean };
  };
  coreMouseService: { activeEncoding: string };
  _charsetService: { glevel: number; _charsets: (Record<string, string> | undefined)[] };
  buffers: { active: { scrollTop: number; scrollBottom: number; x: number; y: number } };
  _bufferService: { buffers: Insides['buffers'] };
  /** 0 unless the last thing that was written is a character. */
  _inputHandler: { _parser: { precedingJoinState: number } };
};

/** The state of one terminal: cells, scrollback, cursor, colours, modes. It never answers a program's queries. */
export class Screen {
  private readonly terminal: Terminal;
  private readonly serializer = new SerializeAddon();
  private backlog = 0;
  private title = '';

  constructor(
    cols: number,
    rows: number,
    /** Called with true when too much output waits to be drawn, with false when no longer. */
    private readonly onBusy: (isBusy: boolean) => void = () => {},
  ) {
    this.terminal = new Terminal({ cols, rows, scrollback: SCROLLBACK_LINES, allowProposedApi: true });
    this.terminal.loadAddon(this.serializer);
    measureGraphemes(this.terminal);
    this.terminal.onTitleChange((title) => {
      this.title = title.slice(0, 1_000);
    });
  }

  get size(): { cols: number; rows: number } {
    return { cols: this.terminal.cols, rows: this.terminal.rows };
  }

  write(output: Buffer): void {
    for (let from = 0; from < output.length; from += MOST_PIECE) {
      const piece = output.subarray(from, from + MOST_PIECE);
      this.backlog += piece.length;
      this.terminal.write(piece, () => this.drew(piece.length));
    }
    if (this.backlog > MOST_BACKLOG) this.onBusy(true);
  }

  private drew(bytes: number): void {
    this.backlog -= bytes;
    if (this.backlog < MOST_BACKLOG / 2) this.onBusy(false);
  }

  resize(cols: number, rows: number): void {
    this.terminal.resize(cols, rows);
  }

  /** Calls `take` with the state after all output so far, as text that draws the state on an empty screen of the same size. */
  read(take: (state: string) => void): void {
    this.terminal.write('', () => take(this.state()));
  }

  dispose(): void {
    this.terminal.dispose();
  }

  private state(): string {
    const { coreService, coreMouseService, _charsetService, _bufferService, _inputHandler } = (
      this.terminal as unknown as { _core: Insides }
    )._core;
    const drawn = this.serializer
      .serialize({ scrollback: SCROLLBACK_LINES })
      .replace(SECOND_SCREEN, `\x1b[0m${SECOND_SCREEN}`);
    const { x, y, scrollTop, scrollBottom } = _bufferService.buffers.active;
    const { originMode } = this.terminal.modes;
    const row = y + 1 - (originMode ? scrollTop : 0);
    const parts = [drawn];
    const hasRegion = scrollTop > 0 || scrollBottom < this.terminal.rows - 1;
    if (hasRegion) parts.push(`\x1b[${scrollTop + 1};${scrollBottom + 1}r`);
    // Setting a region or the origin mode moves the cursor, so it is moved back.
    if (hasRegion || originMode) parts.push(`\x1b[${row};${Math.min(x, this.terminal.cols - 1) + 1}H`);
    if (coreMouseService.activeEncoding === 'SGR') parts.push('\x1b[?1006h');
    if (coreMouseService.activeEncoding === 'SGR_PIXELS') parts.push('\x1b[?1016h');
    parts.push(cursorShape(coreService.decPrivateModes));
    if (_charsetService.glevel === 0 && _charsetService._charsets[0]?.q === '─') parts.push('\x1b(0');
    if (coreService.isCursorHidden) parts.push('\x1b[?25l');
    if (this.title) parts.push(`\x1b]2;${this.title}\x07`);
    // Every sequence above ends a character: the last one is written again, so that a following part can still join it.
    if (_inputHandler._parser.precedingJoinState !== 0) parts.push(this.lastCharacter(row));
    return parts.join('');
  }

  /** Returns text that writes the character before the cursor again in its place; empty where that would move others. */
  private lastCharacter(row: number): string {
    if (this.terminal.modes.insertMode) return '';
    const { active } = this.terminal.buffer;
    const line = active.getLine(active.baseY + active.cursorY);
    let x = active.cursorX - 1;
    while (x > 0 && line?.getCell(x)?.getWidth() === 0) x--;
    const character = line?.getCell(x)?.getChars() ?? '';
    return character === '' ? '' : `\x1b[${row};${x + 1}H${character}`;
  }
}

function cursorShape({ cursorStyle, cursorBlink }: Insides['coreService']['decPrivateModes']): string {
  if (!cursorStyle) return '';
  const number = { block: 1, underline: 3, bar: 5 }[cursorStyle];
  return `\x1b[${cursorBlink ? number : number + 1} q`;
}
