import type { Terminal } from '@xterm/xterm';
import { type LineEvents, TerminalLine } from './connection';
import { applyLook, type OpenScreen } from './open-screen';
import type { Look } from './preferences';
import type { Size } from './wire';

type Connect = ConstructorParameters<typeof TerminalLine>[0];
type ScreenEvents = Pick<LineEvents, 'notice' | 'calm' | 'tabs' | 'state' | 'waiting'>;

export type JoinOptions = {
  place: HTMLElement;
  connect: Connect;
  tab: number;
  events: ScreenEvents;
  /** Returns the typed input with the held modifier applied. */
  modify: (data: string) => string;
};

/** A screen with its connection, for as long as a tab lives. */
export class JoinedScreen {
  readonly line: TerminalLine;
  readonly terminal: Terminal;
  /** This window answers the terminal's queries. */
  isActive = false;
  private readonly stops: (() => void)[] = [];

  constructor(
    readonly screen: OpenScreen,
    { place, connect, tab, events, modify }: JoinOptions,
  ) {
    const { terminal } = screen;
    this.terminal = terminal;
    this.line = new TerminalLine(connect, tab, {
      ...events,
      output: (bytes, drawn) => terminal.write(bytes, drawn),
      ready: (size) => this.begin(size),
      active: (isActive) => {
        this.isActive = isActive;
        terminal.write('', () => this.fit());
      },
      // Queued with the output, because earlier output belongs to the old size.
      size: (size) => terminal.write('', () => this.isActive || this.setSize(size)),
    });
    terminal.onData((data) => this.line.type(modify(data)));
    terminal.onBinary((bytes) => this.line.report(bytes));
    this.follow(place);
    this.fit();
    void this.line.open();
  }

  /** Follows the window's size, focus, visibility and network. */
  private follow(place: HTMLElement): void {
    const observer = new ResizeObserver(() => this.fit());
    observer.observe(place);
    this.stops.push(() => observer.disconnect());
    this.listen(this.terminal.textarea, 'focus', () => this.line.focus());
    this.listen(window, 'online', () => this.line.hurry());
    this.listen(window, 'pageshow', () => this.line.hurry());
    this.listen(document, 'visibilitychange', () => {
      if (document.visibilityState === 'visible') this.line.hurry();
    });
  }

  private listen(target: EventTarget | undefined, event: string, work: () => void): void {
    target?.addEventListener(event, work);
    this.stops.push(() => target?.removeEventListener(event, work));
  }

  private begin(size: Size | null): void {
    this.isActive = false;
    this.terminal.reset();
    if (size) this.setSize(size);
    if (this.hasFocus()) this.line.focus();
  }

  private setSize({ cols, rows }: Size): void {
    if (this.terminal.cols !== cols || this.terminal.rows !== rows) this.terminal.resize(cols, rows);
  }

  private hasFocus(): boolean {
    return document.hasFocus() && document.activeElement === this.terminal.textarea;
  }

  /** Reports the size of this window; the screen takes it while this window is active or disconnected. */
  fit(): void {
    const size = this.screen.fitting();
    if (!size) return;
    if (this.isActive || !this.line.isOpen) this.setSize(size);
    this.line.resize(size);
  }

  setLook(look: Look): void {
    applyLook(this.terminal, look);
    this.fit();
  }

  /** Focuses the terminal, unless a dialog has the focus. */
  takeKeyboard(): void {
    if (!document.activeElement?.closest('[role=dialog]')) this.terminal.focus();
  }

  dispose(): void {
    for (const stop of this.stops) stop();
    this.line.close();
    this.terminal.dispose();
  }
}
