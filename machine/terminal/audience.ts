export type Size = { cols: number; rows: number };

/** What a tab has to know of somebody who watches it. */
export type Watcher = {
  /** How large their window is; null while unknown. */
  size: Size | null;
  /** Whether they are the one who answers for the terminal and sets its size. */
  setActive(isActive: boolean): void;
  /** The terminal has another size now. */
  setSize(size: Size): void;
};

/**
 * Who watches a tab. One of them at a time is active: who typed or came to the window last. The terminal has their size,
 * and only their window answers what a program asks; the others follow.
 */
export class Audience<W extends Watcher> {
  /** The one who was active last stands last. */
  private readonly order = new Set<W>();
  private current: W | null = null;

  constructor(private readonly onSize: (size: Size) => void) {}

  [Symbol.iterator](): Iterator<W> {
    return this.order[Symbol.iterator]();
  }

  isActive(watcher: W): boolean {
    return this.current === watcher;
  }

  /** Somebody comes: behind those who were here, and active when nobody else is. */
  join(watcher: W): void {
    const others = [...this.order];
    this.order.clear();
    for (const one of [watcher, ...others]) this.order.add(one);
    if (!this.current) this.activate(watcher);
  }

  leave(watcher: W): void {
    this.order.delete(watcher);
    if (this.current !== watcher) return;
    this.current = null;
    const next = [...this.order].at(-1);
    if (next) this.activate(next);
  }

  activate(watcher: W): void {
    if (this.current === watcher || !this.order.has(watcher)) return;
    this.current?.setActive(false);
    this.current = watcher;
    this.order.delete(watcher);
    this.order.add(watcher);
    watcher.setActive(true);
    if (watcher.size) this.onSize(watcher.size);
  }

  /** Somebody's window has another size. It counts while they are active, and when they are the next time. */
  resize(watcher: W, size: Size): void {
    watcher.size = size;
    if (this.current === watcher) this.onSize(size);
  }

  /** Tells the others that the terminal has another size. */
  tellSize(size: Size): void {
    for (const watcher of this.order) if (watcher !== this.current) watcher.setSize(size);
  }
}
