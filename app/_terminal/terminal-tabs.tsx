'use client';

import { ActionIcon } from '@mantine/core';
import { type ReactNode, useRef, useState } from 'react';
import { tellProblem } from '../_query/tell-problem';
import { pastedText } from './clipboard';
import { FindBar } from './find-bar';
import { type Held, withHeld } from './held-key';
import type { JoinedScreen } from './joined-screen';
import { findChord, LEAVE_CHORD } from './keys';
import { PhoneKeys } from './phone-keys';
import { usePreferences } from './preferences';
import { SettingsMenu } from './settings-menu';
import { TabList } from './tab-list';
import { AddTab, RenameTab, TabMenu } from './tab-menu';
import { MOST_TABS } from './tab-state';
import { TerminalScreen } from './terminal-screen';
import { type Tabs, useTabs } from './use-tabs';

type Props = {
  sessionId: string;
  /** Identifies one run of the session. */
  run: string;
  /** The run ends or has ended: its screens can still be read, searched and copied. */
  isOver: boolean;
  /** The run's machine is gone, and with it the connection. */
  isGone: boolean;
};

/** Up to six terminals of one machine; each tab that was shown keeps its connection, and a reload keeps the tabs. */
export function TerminalTabs({ sessionId, run, isOver, isGone }: Props) {
  const tabs = useTabs(sessionId, run);
  const { preferences, look, change } = usePreferences();
  const [renamed, setRenamed] = useState<number | null>(null);
  const find = useFindBar(tabs);
  const keys = useHeldKey();
  const seen = useRef(new Set<number>());
  seen.current.add(tabs.current);
  const here = () => tabs.screens.current.get(tabs.current);
  return (
    <>
      <Bar tabs={tabs} isOver={isOver} onRename={setRenamed} onFind={find.open}>
        <SettingsMenu preferences={preferences} onChange={change} />
      </Bar>
      <div className="terminal-body">
        {tabs.tabs
          .filter(({ tab }) => seen.current.has(tab))
          .map(({ tab }) => (
            <TerminalScreen
              key={tab}
              {...{ sessionId, tab, isOver, isGone, look }}
              shown={tab === tabs.current}
              copying={preferences.copying}
              onAlwaysCopy={() => change({ copying: 'always' })}
              onScreen={(screen) => tabs.keep(tab, screen)}
              onTabs={tabs.hear}
              modify={keys.modify}
              onLeave={() => document.getElementById(`terminal-tab-${tab}`)?.focus()}
              onFind={find.open}
              onClose={tabs.isShared && tabs.tabs.length > 1 ? () => tabs.close(tab) : null}
            />
          ))}
        {find.screen && (
          <FindBar key={tabs.current} screen={find.screen} palette={look.palette} onClose={find.close} />
        )}
      </div>
      {!isOver && (
        <PhoneKeys
          held={keys.held}
          onHold={keys.hold}
          onKey={(bytes) => pressKey(here(), bytes)}
          onPaste={() => void pasteInto(here())}
        />
      )}
      <RenameTab tabs={tabs} tab={renamed} onClose={() => setRenamed(null)} />
    </>
  );
}

/** Returns the find bar of the screen that is shown. */
function useFindBar(tabs: Tabs) {
  const [isOpen, setOpen] = useState(false);
  const here = tabs.screens.current.get(tabs.current) ?? null;
  return {
    screen: isOpen ? here : null,
    open: () => setOpen(true),
    close() {
      setOpen(false);
      here?.takeKeyboard();
    },
  };
}

type BarProps = {
  tabs: Tabs;
  isOver: boolean;
  onRename: (tab: number) => void;
  onFind: () => void;
  children: ReactNode;
};

const Bar = ({ tabs, isOver, onRename, onFind, children }: BarProps) => (
  <div className="terminal-tabs">
    <TabList tabs={tabs} onRename={onRename} />
    {!isOver && <AddTab isFull={tabs.tabs.length >= MOST_TABS} onAdd={tabs.add} />}
    {!isOver && <TabMenu tabs={tabs} onRename={onRename} />}
    <span className="terminal-hint">{LEAVE_CHORD} leaves the terminal</span>
    <ActionIcon
      variant="subtle"
      color="gray"
      aria-label="Find"
      title={`Find (${findChord()})`}
      onClick={onFind}
    >
      <FindSign />
    </ActionIcon>
    {children}
  </div>
);

/** Returns the modifier held for the next key, which may come from the key row or from the keyboard. */
function useHeldKey() {
  const [held, setHeld] = useState<Held>(null);
  const latest = useRef<Held>(null);
  function hold(key: Held) {
    latest.current = key;
    setHeld(key);
  }
  function modify(data: string): string {
    const changed = withHeld(data, latest.current);
    if (changed !== null) hold(null);
    return changed ?? data;
  }
  return { held, hold, modify };
}

/** Sends a key of the key row; arrows follow the cursor key mode of the program. */
function pressKey(screen: JoinedScreen | undefined, bytes: string): void {
  if (!screen) return;
  const isArrow = bytes.startsWith('\x1b[') && screen.terminal.modes.applicationCursorKeysMode;
  screen.terminal.input(isArrow ? bytes.replace('[', 'O') : bytes);
}

async function pasteInto(screen: JoinedScreen | undefined): Promise<void> {
  try {
    screen?.terminal.paste(pastedText(await navigator.clipboard.readText()));
  } catch {
    tellProblem(
      'This browser did not let the page read the clipboard. Hold a finger on the terminal to paste.',
    );
  }
}

const FindSign = () => (
  <svg
    width="16"
    height="16"
    viewBox="0 0 16 16"
    fill="none"
    stroke="currentColor"
    strokeWidth="1.6"
    aria-hidden
  >
    <circle cx="7" cy="7" r="4.5" />
    <path d="M10.5 10.5 14 14" strokeLinecap="round" />
  </svg>
);
