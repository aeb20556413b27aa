const [BELL, LINE, ESCAPE, DELETE] = [0x07, 0x0a, 0x1b, 0x7f];

/** Longest time a program takes to draw in reaction to its terminal. */
const CAUSED_MS = 150;

export type Printed = {
  /** Whether a line that is not empty was written. */
  hasLine: boolean;
  /** Whether visible text was drawn. */
  hasText: boolean;
  /** When the last output came; meaningless without output. */
  at: number;
};

/**
 * Tells output for people from sequences for the terminal: queries, colours, titles and the like show nothing. Reads a
 * stream in pieces; a piece may end anywhere.
 */
export class PrintedMeter {
  private state: 'text' | 'escape' | 'control' | 'string' = 'text';
  private inLine = false;
  private since: Printed = { hasLine: false, hasText: false, at: 0 };
  private ignoredUntil = 0;

  /** Ignores output right after `now`, when the terminal answered a query or changed its size and so caused the output. */
  ignore(now: number): void {
    this.ignoredUntil = now + CAUSED_MS;
  }

  add(chunk: Uint8Array, now: number): void {
    // Once a line was seen, the rest of a flood is not read.
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

  /** Returns what was printed since the last call. */
  take(): Printed {
    const taken = this.since;
    // A skipped piece may have ended inside a sequence, so reading begins at text again.
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
  // Intermediate bytes between an escape and its end, as in the choice of a character set.
  return byte >= 0x20 && byte <= 0x2f ? 'escape' : 'text';
}
