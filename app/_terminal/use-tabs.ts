import { useEffect, useRef, useState } from 'react';
import type { JoinedScreen } from './joined-screen';
import {
  addTab,
  beginTabs,
  chooseTab,
  closeTab,
  hearTabs,
  moveTab,
  renameTab,
  storedTabs,
  type TabState,
} from './tab-state';
import type { TabInfo } from './wire';

/** The session storage of this browser tab; empty where storage is blocked, and on the server. */
const kept = {
  read(key: string): string | null {
    try {
      return sessionStorage.getItem(key);
    } catch {
      return null;
    }
  },
  write(key: string, text: string): void {
    try {
      sessionStorage.setItem(key, text);
    } catch {
      // a reload begins with one tab
    }
  },
};

/** Returns the tabs of one run as this page shows them, their screens, and the actions on them. */
export function useTabs(sessionId: string, run: string) {
  const key = `terminal-tabs:${sessionId}`;
  const [state, setState] = useState(() => beginTabs(kept.read(key), run));
  const latest = useRef(state);
  const screens = useRef(new Map<number, JoinedScreen>());
  useEffect(() => kept.write(key, storedTabs(state, run)), [key, state, run]);

  function set(next: TabState) {
    latest.current = next;
    setState(next);
  }
  /** Sends to the machine over the shown tab's connection, or over any other open one. */
  function tell(message: object) {
    const all = [screens.current.get(latest.current.current), ...screens.current.values()];
    all.some((screen) => screen?.line.tell(message));
  }
  return {
    ...state,
    screens,
    /** Stores the screen of a tab; null removes it. */
    keep(tab: number, screen: JoinedScreen | null) {
      if (screen) screens.current.set(tab, screen);
      else screens.current.delete(tab);
    },
    choose: (tab: number) => set(chooseTab(latest.current, tab)),
    add: () => set(addTab(latest.current)),
    hear(said: TabInfo[]) {
      set(hearTabs(latest.current, said));
      // Sent again, because the connection was lost when the tab was closed.
      for (const tab of latest.current.closing) tell({ type: 'end', tab });
    },
    close(tab: number) {
      const next = closeTab(latest.current, tab);
      if (next === latest.current) return;
      tell({ type: 'end', tab });
      set(next);
    },
    rename(tab: number, name: string) {
      tell({ type: 'rename', tab, name });
      set(renameTab(latest.current, tab, name));
    },
    move(tab: number, to: number) {
      const next = moveTab(latest.current, tab, to);
      tell({ type: 'order', tabs: next.tabs.map((info) => info.tab) });
      set(next);
    },
  };
}

export type Tabs = ReturnType<typeof useTabs>;
