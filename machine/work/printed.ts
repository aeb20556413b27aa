const [BELL, LINE, ESCAPE, DELETE] = [0x07, 0x0a, 0x1b, 0x7f];

/** How long a program takes at most to draw what its terminal caused. */
const CAUSED_MS = 150;

export type Printed = {
  /** A line with something on it was written. */
  hasLine: boolean;
  /** Something visible was drawn. */
  hasText: boolean;
  /** When the last of it came; meaningless when there was none. */
  at: number;
};

/**
 * Tells what a program writes for people from what it says to the terminal: questions about the cursor, colours, titles
 * and the like show nothing. Reads a stream in pieces; a piece may end anywhere.
 */
export class PrintedMeter {
  private state: 'text' | 'escape' | 'control' | 'string' = 'text';
  private inLine = false;
  private since: Printed = { hasLine: false, hasText: false, at: 0 };
  private ignoredUntil = 0;

  /** A terminal answered a question or changed its size: what is drawn right after it is caused by that. */
  ignore(now: number): void {
    this.ignoredUntil = now + CAUSED_MS;
  }

  add(chunk: Uint8Array, now: number): void {
    // Once all is known of this while, a flood is not read to its end.
    if (this.since.hasLine) {
      this.since.at = now;
      return;
    }
    const { hasLine } = this.since;
    let drew = false;
    for (const byte of chunk) drew = this.read(byte) || drew;
    if (now < this.ignoredUntil) this.since.hasLine = hasLine;
    else if (drew) this.since = { ...this.since, hasText: true, at: now };
  }

  /** What was printed since the last time this was asked. */
  take(): Printed {
    const taken = this.since;
    // A piece that was passed over may have ended inside a sequence: begin at text again.
    if (taken.hasLine) this.state = 'text';
    this.since = { hasLine: false, hasText: false, at: taken.at };
    return taken;
  }

  private read(byte: number): boolean {
    switch (this.state) {
      case 'escape':
        this.state = afterEscape(byte);
        return false;
      case 'control':
        if (byte >= 0x40 && byte <= 0x7e) this.state = 'text';
        return false;
      case 'string':
        if (byte === BELL) this.state = 'text';
        else if (byte === ESCAPE) this.state = 'escape';
        return false;
    }
    if (byte === ESCAPE) this.state = 'escape';
    else if (byte === LINE) {
      this.since.hasLine ||= this.inLine;
      this.inLine = false;
    } else if (byte > 0x20 && byte !== DELETE) {
      this.inLine = true;
      return true;
    }
    return false;
  }
}

function afterEscape(byte: number): 'text' | 'escape' | 'control' | 'string' {
  switch (String.fromCharCode(byte)) {
    case '[':
      return 'control';
    case ']':
    case 'P':
    case 'X':
    case '^':
    case '_':
      return 'string';
  }
  // Letters between an escape and its end, as in the choice of a character set.
  return byte >= 0x20 && byte <= 0x2f ? 'escape' : 'text';
}
