export type Size = { cols: number; rows: number };

/** A viewer, as its tab sees it. */
export type Watcher = {
  /** The size of the viewer's window; null while unknown. */
  size: Size | null;
  /** Tells the viewer whether its window is the one that answers for the terminal and sets its size. */
  setActive(isActive: boolean): void;
  /** Tells the viewer the new size of the terminal. */
  setSize(size: Size): void;
};

/**
 * The viewers of a tab. One at a time is active: the one that typed or was focused last. The terminal has the size of that
 * viewer's window, and only that window answers what a program asks; the others follow.
 */
export class Audience<W extends Watcher> {
  /** In order of activity, the last active viewer last. */
  private readonly order = new Set<W>();
  private current: W | null = null;

  constructor(private readonly onSize: (size: Size) => void) {}

  [Symbol.iterator](): Iterator<W> {
    return this.order[Symbol.iterator]();
  }

  isActive(watcher: W): boolean {
    return this.current === watcher;
  }

  /** Adds a viewer as the least recently active one; without an active viewer the new one becomes active. */
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

  /**
   * Sets the size of a viewer's window. The terminal takes it now if the viewer is active, else once the viewer becomes
   * active.
   */
  resize(watcher: W, size: Size): void {
    watcher.size = size;
    if (this.current === watcher) this.onSize(size);
  }

  /** Tells the inactive viewers the new size of the terminal. */
  tellSize(size: Size): void {
    for (const watcher of this.order) if (watcher !== this.current) watcher.setSize(size);
  }
}
