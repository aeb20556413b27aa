'use client';

import { Alert, Button, Group, Text } from '@mantine/core';
import type { Terminal } from '@xterm/xterm';
import { useEffect, useRef, useState } from 'react';
import { useTRPCClient } from '../_query/trpc';
import { useRefreshStatus } from '../_status/use-status';
import { type LineState, type Notice, TerminalLine } from './connection';

type Props = {
  sessionId: string;
  tab: number;
  shown: boolean;
  onReady: (type: (data: string) => void) => void;
};

const FONT_PX = 14;
const THEME = {
  background: '#16140f',
  foreground: '#e9e4d8',
  cursor: '#d0a44f',
  selectionBackground: '#5b4a2a',
};

type Shown = { line: LineState; why: string | null };

/** A screen joined to a line to the machine, for as long as the tab lives. */
function useTerminal({ sessionId, tab, onReady }: Omit<Props, 'shown'>) {
  const client = useTRPCClient();
  const refresh = useRefreshStatus();
  const place = useRef<HTMLDivElement>(null);
  const line = useRef<TerminalLine | null>(null);
  const screen = useRef<{ terminal: Terminal; fitNow: () => void } | null>(null);
  const [state, setState] = useState<Shown>({ line: 'connecting', why: null });
  const [notice, setNotice] = useState<Notice | null>(null);

  // biome-ignore lint/correctness/useExhaustiveDependencies: a screen belongs to one tab of one session for its whole life
  useEffect(() => {
    let gone = false;
    let stop = () => {};
    void openScreen(place.current as HTMLDivElement).then((opened) => {
      if (gone) return opened.terminal.dispose();
      screen.current = opened;
      const { terminal, fitNow } = opened;
      const connection = new TerminalLine(() => client.session.connect.mutate({ sessionId }), tab, {
        output: (bytes) => terminal.write(bytes),
        ready: () => terminal.reset(),
        notice: setNotice,
        state: (next, why) => {
          setState({ line: next, why });
          if (next === 'ended' || next === 'retrying') void refresh();
        },
      });
      line.current = connection;
      terminal.onData((data) => connection.type(data));
      terminal.onResize(({ cols, rows }) => connection.resize(cols, rows));
      const observer = new ResizeObserver(fitNow);
      observer.observe(place.current as HTMLDivElement);
      fitNow();
      onReady((data) => connection.type(data));
      void connection.open();
      stop = () => {
        observer.disconnect();
        connection.close();
        terminal.dispose();
      };
    });
    return () => {
      gone = true;
      stop();
    };
  }, []);
  return { place, line, screen, state, notice, dismiss: () => setNotice(null) };
}

/** One tab: a screen on a line to the machine. It stays alive while hidden, so that switching tabs loses nothing. */
export function TerminalScreen({ shown, ...props }: Props) {
  const { place, line, screen, state, notice, dismiss } = useTerminal(props);
  useEffect(() => {
    if (!shown) return;
    screen.current?.fitNow();
    screen.current?.terminal.focus();
  }, [shown, screen]);

  return (
    <div
      className="terminal-screen"
      hidden={!shown}
      role="tabpanel"
      id={`terminal-${props.tab}`}
      aria-labelledby={`terminal-tab-${props.tab}`}
      data-state={state.line}
    >
      <div ref={place} style={{ height: '100%' }} />
      <Overlay
        state={state.line}
        why={state.why}
        notice={notice}
        onDismiss={dismiss}
        onReopen={() => line.current?.reopen()}
      />
    </div>
  );
}

type OverlayProps = {
  state: LineState;
  why: string | null;
  notice: Notice | null;
  onDismiss: () => void;
  onReopen: () => void;
};

function Overlay({ state, why, notice, onDismiss, onReopen }: OverlayProps) {
  if (state === 'retrying' || state === 'connecting') {
    return (
      <Alert className="terminal-note" color="gray" role="status">
        {state === 'retrying' ? 'The connection was lost. Trying again…' : 'Connecting…'}
      </Alert>
    );
  }
  if (state === 'ended') {
    return (
      <Alert className="terminal-note" color="gray" role="status">
        <Group justify="space-between">
          <Text size="sm">{why}</Text>
          <Button size="xs" variant="default" onClick={onReopen}>
            Open again
          </Button>
        </Group>
      </Alert>
    );
  }
  if (!notice) return null;
  return (
    <Alert
      className="terminal-note"
      color={notice.level === 'info' ? 'gray' : notice.level === 'warning' ? 'orange' : 'red'}
      role="status"
      withCloseButton
      closeButtonLabel="Dismiss"
      onClose={onDismiss}
    >
      {notice.text}
    </Alert>
  );
}

/** xterm needs a document, so it is loaded here and not with the page. Copy follows the selection's own shortcut. */
async function openScreen(place: HTMLDivElement) {
  const [{ Terminal }, { FitAddon }, { WebLinksAddon }] = await Promise.all([
    import('@xterm/xterm'),
    import('@xterm/addon-fit'),
    import('@xterm/addon-web-links'),
  ]);
  // The screen measures its letters once: the font has to be there before.
  const family = getComputedStyle(document.documentElement).getPropertyValue('--font-geist-mono').trim();
  const fontFamily = family === '' ? 'ui-monospace, monospace' : `${family}, ui-monospace, monospace`;
  await document.fonts.load(`${FONT_PX}px ${fontFamily}`).catch(() => []);
  const terminal = new Terminal({
    fontFamily,
    lineHeight: 1.2,
    fontSize: FONT_PX,
    scrollback: 5_000,
    cursorBlink: true,
    theme: THEME,
    screenReaderMode: false,
  });
  const fitter = new FitAddon();
  terminal.loadAddon(fitter);
  terminal.loadAddon(new WebLinksAddon());
  terminal.open(place);
  terminal.attachCustomKeyEventHandler((event) => {
    const copies = event.type === 'keydown' && event.ctrlKey && event.shiftKey && event.code === 'KeyC';
    if (copies && terminal.hasSelection()) {
      event.preventDefault();
      void navigator.clipboard?.writeText(terminal.getSelection());
      return false;
    }
    // Ctrl+Shift+V is left to the browser, whose paste reaches the terminal by itself.
    return !(event.ctrlKey && event.shiftKey && event.code === 'KeyV');
  });
  const fitNow = () => {
    if (place.clientWidth > 0 && place.clientHeight > 0) fitter.fit();
  };
  return { terminal, fitNow };
}
