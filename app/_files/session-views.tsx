'use client';

import { SegmentedControl } from '@mantine/core';
import { useSessionStorage } from '@mantine/hooks';
import dynamic from 'next/dynamic';
import { type ReactNode, useState } from 'react';

const FilesPanel = dynamic(() => import('./files-panel').then(({ FilesPanel: shown }) => shown), {
  ssr: false,
});

const PortsPanel = dynamic(() => import('../_ports/ports-panel').then(({ PortsPanel: shown }) => shown), {
  ssr: false,
});

type View = 'terminal' | 'files' | 'ports';

type Props = { sessionId: string; isRunning: boolean; terminal: ReactNode };

/**
 * The terminal, files and ports of a session, one of them visible; the terminal stays connected while hidden. Files and
 * ports are available while the session runs.
 */
export function SessionViews({ sessionId, isRunning, terminal }: Props) {
  const [chosen, setView] = useSessionStorage<View>({
    key: `session-view-${sessionId}`,
    defaultValue: 'terminal',
    getInitialValueInEffect: false,
  });
  const view = isRunning ? chosen : 'terminal';
  const [wasOpened, setOpened] = useState(view === 'files');
  function choose(next: string) {
    setView(next as View);
    if (next === 'files') setOpened(true);
  }
  return (
    <>
      <div className="session-views" hidden={!isRunning}>
        <SegmentedControl
          size="xs"
          aria-label="View"
          value={view}
          onChange={choose}
          data={[
            { value: 'terminal', label: 'Terminal' },
            { value: 'files', label: 'Files' },
            { value: 'ports', label: 'Ports' },
          ]}
        />
      </div>
      <div className="session-view" hidden={view !== 'terminal'}>
        {terminal}
      </div>
      {wasOpened && isRunning && (
        <div className="session-view" hidden={view !== 'files'}>
          <FilesPanel sessionId={sessionId} isShown={view === 'files'} />
        </div>
      )}
      {view === 'ports' && (
        <div className="session-view">
          <PortsPanel sessionId={sessionId} />
        </div>
      )}
    </>
  );
}
