/** The last output of a tab, for whoever connects later. Bounded in bytes. */
export class Scrollback {
  private chunks: Buffer[] = [];
  private size = 0;
  private cut = false;

  constructor(private readonly mostBytes = 512 * 1024) {}

  add(chunk: Buffer): void {
    this.chunks.push(chunk);
    this.size += chunk.length;
    while (this.size > this.mostBytes && this.chunks.length > 1) {
      this.size -= this.chunks.shift()?.length ?? 0;
      this.cut = true;
    }
  }

  /** Everything kept; after a cut it begins on a fresh line, so that it never starts inside an escape sequence. */
  read(): Buffer {
    const all = Buffer.concat(this.chunks);
    if (!this.cut) return all;
    const line = all.indexOf(0x0a);
    return line < 0 ? all : all.subarray(line + 1);
  }
}
