'use client';

import { SegmentedControl } from '@mantine/core';
import { useSessionStorage } from '@mantine/hooks';
import dynamic from 'next/dynamic';
import { type ReactNode, useState } from 'react';

const FilesPanel = dynamic(() => import('./files-panel').then(({ FilesPanel: shown }) => shown), {
  ssr: false,
});

type View = 'terminal' | 'files';

/** A running session's terminal and its files, one of them on show. The terminal keeps its lines meanwhile. */
export function SessionViews({ sessionId, terminal }: { sessionId: string; terminal: ReactNode }) {
  const [view, setView] = useSessionStorage<View>({
    key: `session-view-${sessionId}`,
    defaultValue: 'terminal',
    getInitialValueInEffect: false,
  });
  const [wasOpened, setOpened] = useState(view === 'files');
  function choose(next: string) {
    setView(next as View);
    if (next === 'files') setOpened(true);
  }
  return (
    <>
      <div className="session-views">
        <SegmentedControl
          size="xs"
          aria-label="View"
          value={view}
          onChange={choose}
          data={[
            { value: 'terminal', label: 'Terminal' },
            { value: 'files', label: 'Files' },
          ]}
        />
      </div>
      <div className="session-view" hidden={view !== 'terminal'}>
        {terminal}
      </div>
      {wasOpened && (
        <div className="session-view" hidden={view !== 'files'}>
          <FilesPanel sessionId={sessionId} isShown={view === 'files'} />
        </div>
      )}
    </>
  );
}
