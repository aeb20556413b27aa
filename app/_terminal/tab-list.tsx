import { Button } from '@mantine/core';
import { type ComponentProps, type DragEvent, type KeyboardEvent, useRef, useState } from 'react';
import { labelOf } from './tab-state';
import type { Tabs } from './use-tabs';
import type { TabInfo } from './wire';

type Props = { tabs: Tabs; onRename: (tab: number) => void };

/**
 * One stop for the Tab key; arrows select, Shift with arrows moves, Delete closes and F2 renames a tab. A mouse drags
 * tabs, renames by double click and closes by the middle button.
 */
export function TabList({ tabs, onRename }: Props) {
  const buttons = useRef(new Map<number, HTMLButtonElement | null>());
  const [dragged, setDragged] = useState<number | null>(null);
  const numbers = tabs.tabs.map(({ tab }) => tab);

  function step(event: KeyboardEvent, by: number) {
    const at = numbers.findIndex((tab) => buttons.current.get(tab) === event.target);
    const from = numbers[at] ?? tabs.current;
    if (event.shiftKey) return tabs.isShared && tabs.move(from, at + by);
    buttons.current.get(numbers[(at + by + numbers.length) % numbers.length] ?? from)?.focus();
  }
  function press(event: KeyboardEvent, tab: number) {
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (by) step(event, by);
    else if (event.key === 'Delete' && tabs.isShared) tabs.close(tab);
    else if (event.key === 'F2' && tabs.isShared) onRename(tab);
    else return;
    event.preventDefault();
  }
  function drop(event: DragEvent, onto: number) {
    event.preventDefault();
    if (dragged !== null && dragged !== onto) tabs.move(dragged, numbers.indexOf(onto));
    setDragged(null);
  }
  return (
    <div className="terminal-tab-list" role="tablist" aria-label="Terminals">
      {tabs.tabs.map((info) => (
        <TabButton
          key={info.tab}
          ref={(button) => {
            buttons.current.set(info.tab, button);
          }}
          info={info}
          tabs={tabs}
          onRename={onRename}
          draggable={tabs.isShared}
          onDragStart={() => setDragged(info.tab)}
          onDragEnd={() => setDragged(null)}
          onDragOver={(event) => dragged !== null && event.preventDefault()}
          onDrop={(event) => drop(event, info.tab)}
          onKeyDown={(event) => press(event, info.tab)}
        />
      ))}
    </div>
  );
}

type TabButtonProps = Props & { info: TabInfo } & ComponentProps<'button'>;

function TabButton({ info, tabs, onRename, ...rest }: TabButtonProps) {
  const isCurrent = info.tab === tabs.current;
  return (
    <Button
      {...(rest as object)}
      role="tab"
      id={`terminal-tab-${info.tab}`}
      aria-selected={isCurrent}
      aria-controls={`terminal-${info.tab}`}
      tabIndex={isCurrent ? 0 : -1}
      size="compact-sm"
      variant={isCurrent ? 'light' : 'subtle'}
      color="gray"
      title={tabs.isShared ? 'Double click renames, dragging moves, the middle button closes' : undefined}
      onClick={() => tabs.choose(info.tab)}
      onDoubleClick={() => tabs.isShared && onRename(info.tab)}
      onAuxClick={({ button }) => button === 1 && tabs.isShared && tabs.close(info.tab)}
    >
      {labelOf(info)}
    </Button>
  );
}
