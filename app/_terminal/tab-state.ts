import type { TabInfo } from './wire';

export const MOST_TABS = 6;

/** The tabs that a page shows. The machine's list is authoritative; changes it has not confirmed are kept apart. */
export type TabState = {
  tabs: TabInfo[];
  current: number;
  /** Opened here, and not yet known to the machine. */
  opening: number[];
  /** Closed here, and still known to the machine. */
  closing: number[];
  /** The machine keeps tabs: they can be named, moved and closed. */
  isShared: boolean;
};

export const labelOf = ({ tab, name }: TabInfo): string => name ?? `Tab ${tab}`;

const FRESH: TabState = { tabs: [{ tab: 1 }], current: 1, opening: [1], closing: [], isShared: false };

/** Returns the tabs of a reloaded page: the stored ones, if they are of the same run. */
export function beginTabs(stored: string | null, run: string): TabState {
  try {
    const { run: of, tabs, current } = JSON.parse(stored ?? 'null') as TabState & { run: string };
    const isKnown = of === run && tabs.length > 0 && tabs.some(({ tab }) => tab === current);
    return isKnown ? { ...FRESH, tabs, current, opening: [current] } : FRESH;
  } catch {
    return FRESH;
  }
}

/** Returns the part of the state that a reload needs. */
export const storedTabs = ({ tabs, current }: TabState, run: string): string =>
  JSON.stringify({ run, tabs, current });

export const chooseTab = (state: TabState, current: number): TabState =>
  state.tabs.some(({ tab }) => tab === current) ? { ...state, current } : state;

export function addTab(state: TabState): TabState {
  const taken = new Set([...state.tabs.map(({ tab }) => tab), ...state.closing]);
  const free = Array.from({ length: MOST_TABS }, (_, index) => index + 1).find((tab) => !taken.has(tab));
  if (free === undefined) return state;
  return {
    ...state,
    tabs: [...state.tabs, { tab: free }],
    current: free,
    opening: [...state.opening, free],
  };
}

/** Returns the state without this tab, showing its neighbour. The last tab stays. */
export function closeTab(state: TabState, closed: number): TabState {
  const at = state.tabs.findIndex(({ tab }) => tab === closed);
  if (at < 0 || state.tabs.length === 1) return state;
  const tabs = state.tabs.filter(({ tab }) => tab !== closed);
  return {
    ...state,
    tabs,
    current: state.current === closed ? (tabs[Math.max(0, at - 1)]?.tab ?? 1) : state.current,
    opening: state.opening.filter((tab) => tab !== closed),
    closing: [...state.closing, closed],
  };
}

/** Returns the state with this tab moved to the place of another. */
export function moveTab(state: TabState, moved: number, to: number): TabState {
  const from = state.tabs.findIndex(({ tab }) => tab === moved);
  const [it] = state.tabs.slice(from, from + 1);
  if (from < 0 || !it || to < 0 || to >= state.tabs.length) return state;
  return { ...state, tabs: state.tabs.toSpliced(from, 1).toSpliced(to, 0, it) };
}

export function renameTab(state: TabState, renamed: number, name: string): TabState {
  const tabs = state.tabs.map((info) =>
    info.tab === renamed ? { tab: renamed, ...(name.trim() ? { name: name.trim() } : {}) } : info,
  );
  return { ...state, tabs };
}

/** Returns the machine's tabs, with those opened here and without those closed here. */
export function hearTabs(state: TabState, said: TabInfo[]): TabState {
  const known = new Set(said.map(({ tab }) => tab));
  const opening = state.opening.filter((tab) => !known.has(tab));
  const closing = state.closing.filter((tab) => known.has(tab));
  const mine = state.tabs.filter(({ tab }) => opening.includes(tab));
  const tabs = [...said.filter(({ tab }) => !closing.includes(tab)), ...mine];
  const [first] = tabs;
  if (!first) return { ...FRESH, closing, isShared: true };
  const before = state.tabs.findIndex(({ tab }) => tab === state.current);
  const beside = tabs[Math.min(Math.max(0, before - 1), tabs.length - 1)] ?? first;
  const current = tabs.some(({ tab }) => tab === state.current) ? state.current : beside.tab;
  return { tabs, current, opening, closing, isShared: true };
}
