import type { Tab } from './tab';

export type TabInfo = { tab: number; name?: string };

const LONGEST_NAME = 40;
/** Control characters, and those that turn or hide text; the joiner of emoji may stay. */
const UNSEEN = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]|(?!\u200d)\p{Cf}/gu;

/** The tabs of a session in the order in which every window shows them. */
export class TabList {
  private readonly tabs = new Map<number, Tab>();
  private readonly names = new Map<number, string>();
  private order: number[] = [];

  /** Called after every change that windows show. */
  constructor(private readonly onChange: () => void) {}

  [Symbol.iterator](): Iterator<Tab> {
    return this.tabs.values();
  }

  get(number: number): Tab | undefined {
    return this.tabs.get(number);
  }

  get shown(): TabInfo[] {
    return this.order.map((tab) => {
      const name = this.names.get(tab);
      return name === undefined ? { tab } : { tab, name };
    });
  }

  set(number: number, tab: Tab): void {
    const isNew = !this.tabs.has(number);
    this.tabs.set(number, tab);
    if (!isNew) return;
    this.order.push(number);
    this.onChange();
  }

  /** Renames a tab; an empty name removes the old one. Invalid input is ignored. */
  rename(number: unknown, name: unknown): void {
    if (typeof number !== 'number' || typeof name !== 'string' || !this.tabs.has(number)) return;
    const seen = [...name.replace(UNSEEN, '').trim()].slice(0, LONGEST_NAME).join('').trim();
    if (seen === '') this.names.delete(number);
    else this.names.set(number, seen);
    this.onChange();
  }

  /** Reorders the tabs. An order that does not name each tab once is ignored. */
  arrange(order: unknown): void {
    if (!Array.isArray(order) || order.length !== this.order.length) return;
    if (new Set(order).size !== order.length || !order.every((tab) => this.tabs.has(tab))) return;
    this.order = order;
    this.onChange();
  }

  /** Closes a tab and ends its shell and foreground command. */
  end(number: unknown): void {
    const tab = typeof number === 'number' ? this.tabs.get(number) : undefined;
    if (!tab) return;
    this.tabs.delete(number as number);
    this.names.delete(number as number);
    this.order = this.order.filter((other) => other !== number);
    tab.close();
    this.onChange();
  }
}
