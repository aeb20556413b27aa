'use client';

import { ActionIcon, Button, Text, Tooltip } from '@mantine/core';
import { useSessionStorage } from '@mantine/hooks';
import { type KeyboardEvent, useRef } from 'react';
import { LEAVE_CHORD } from './open-screen';
import { TerminalScreen } from './terminal-screen';

const MOST_TABS = 6;

/** Keys a phone's keyboard does not have. */
const KEYS: [label: string, bytes: string][] = [
  ['Esc', '\x1b'],
  ['Tab', '\t'],
  ['Ctrl C', '\x03'],
  ['Ctrl D', '\x04'],
  ['←', '\x1b[D'],
  ['↑', '\x1b[A'],
  ['↓', '\x1b[B'],
  ['→', '\x1b[C'],
];

/** Up to six terminals of one machine; each opened tab keeps its line, and a reloaded page opens the same tabs. */
export function TerminalTabs({ sessionId }: { sessionId: string }) {
  const [count, setCount] = useSessionStorage({
    key: `terminal-tabs-${sessionId}`,
    defaultValue: 1,
    getInitialValueInEffect: false,
  });
  const [chosen, setCurrent] = useSessionStorage({
    key: `terminal-tab-${sessionId}`,
    defaultValue: 1,
    getInitialValueInEffect: false,
  });
  const typing = useRef(new Map<number, (data: string) => void>());
  const tabs = Array.from({ length: Math.min(Math.max(count, 1), MOST_TABS) }, (_, index) => index + 1);
  const current = tabs.includes(chosen) ? chosen : 1;

  function add() {
    if (tabs.length >= MOST_TABS) return;
    setCount(tabs.length + 1);
    setCurrent(tabs.length + 1);
  }
  return (
    <>
      <div className="terminal-tabs">
        <TabList tabs={tabs} current={current} onChoose={setCurrent} />
        <AddTab isFull={tabs.length >= MOST_TABS} onAdd={add} />
        <Text className="terminal-hint" size="xs" c="dimmed">
          {LEAVE_CHORD} leaves the terminal
        </Text>
      </div>
      <div className="terminal-body">
        {tabs.map((tab) => (
          <TerminalScreen
            key={tab}
            sessionId={sessionId}
            tab={tab}
            shown={tab === current}
            onReady={(type) => typing.current.set(tab, type)}
            onLeave={() => document.getElementById(`terminal-tab-${tab}`)?.focus()}
          />
        ))}
      </div>
      <PhoneKeys onKey={(bytes) => typing.current.get(current)?.(bytes)} />
    </>
  );
}

const PhoneKeys = ({ onKey }: { onKey: (bytes: string) => void }) => (
  <div className="terminal-keys" role="toolbar" aria-label="Keys">
    {KEYS.map(([label, bytes]) => (
      <Button key={label} size="compact-md" variant="default" onClick={() => onKey(bytes)}>
        {label}
      </Button>
    ))}
  </div>
);

type ListProps = { tabs: number[]; current: number; onChoose: (tab: number) => void };

/** One stop for the Tab key; the arrows go from tab to tab. */
function TabList({ tabs, current, onChoose }: ListProps) {
  const buttons = useRef(new Map<number, HTMLButtonElement | null>());
  function move(event: KeyboardEvent) {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const from = tabs.find((tab) => buttons.current.get(tab) === event.target) ?? current;
    const next = ((from - 1 + step + tabs.length) % tabs.length) + 1;
    buttons.current.get(next)?.focus();
  }
  return (
    <div className="terminal-tab-list" role="tablist" aria-label="Terminals" onKeyDown={move}>
      {tabs.map((tab) => (
        <Button
          key={tab}
          ref={(button) => {
            buttons.current.set(tab, button);
          }}
          role="tab"
          id={`terminal-tab-${tab}`}
          aria-selected={tab === current}
          aria-controls={`terminal-${tab}`}
          tabIndex={tab === current ? 0 : -1}
          size="compact-sm"
          variant={tab === current ? 'light' : 'subtle'}
          color="gray"
          onClick={() => onChoose(tab)}
        >
          Tab {tab}
        </Button>
      ))}
    </div>
  );
}

function AddTab({ isFull, onAdd }: { isFull: boolean; onAdd: () => void }) {
  const words = isFull ? `${MOST_TABS} tabs are the most a session has` : 'New tab';
  return (
    <Tooltip label={words}>
      <ActionIcon
        variant="subtle"
        color="gray"
        aria-label={words}
        aria-disabled={isFull}
        data-disabled={isFull || undefined}
        onClick={onAdd}
      >
        +
      </ActionIcon>
    </Tooltip>
  );
}
