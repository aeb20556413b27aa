'use client';

import { ActionIcon, Button } from '@mantine/core';
import { useRef, useState } from 'react';
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

/** Up to six terminals of one machine; each opened tab keeps its line. */
export function TerminalTabs({ sessionId }: { sessionId: string }) {
  const [tabs, setTabs] = useState([1]);
  const [current, setCurrent] = useState(1);
  const typing = useRef(new Map<number, (data: string) => void>());

  function add() {
    const next = tabs.length + 1;
    if (next > MOST_TABS) return;
    setTabs([...tabs, next]);
    setCurrent(next);
  }
  return (
    <>
      <div className="terminal-tabs" role="tablist" aria-label="Terminals">
        {tabs.map((tab) => (
          <Button
            key={tab}
            role="tab"
            aria-selected={tab === current}
            size="compact-sm"
            variant={tab === current ? 'light' : 'subtle'}
            color="gray"
            onClick={() => setCurrent(tab)}
          >
            Tab {tab}
          </Button>
        ))}
        {tabs.length < MOST_TABS && (
          <ActionIcon variant="subtle" color="gray" aria-label="New tab" onClick={add}>
            +
          </ActionIcon>
        )}
      </div>
      <div className="terminal-body">
        {tabs.map((tab) => (
          <TerminalScreen
            key={tab}
            sessionId={sessionId}
            tab={tab}
            shown={tab === current}
            onReady={(type) => typing.current.set(tab, type)}
          />
        ))}
      </div>
      <div className="terminal-keys" role="toolbar" aria-label="Keys">
        {KEYS.map(([label, bytes]) => (
          <Button
            key={label}
            size="compact-md"
            variant="default"
            onClick={() => typing.current.get(current)?.(bytes)}
          >
            {label}
          </Button>
        ))}
      </div>
    </>
  );
}
