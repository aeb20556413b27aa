'use client';

import { useEffect, useRef, useState } from 'react';
import { useTRPCClient } from '../_query/trpc';
import { useRefreshStatus } from '../_query/use-status';
import type { LineState, Notice } from './connection';
import { JoinedScreen } from './joined-screen';
import { openScreen } from './open-screen';
import { Overlay } from './overlay';

type Props = {
  sessionId: string;
  tab: number;
  shown: boolean;
  /** How to type into this tab, by the keys of the page. */
  onReady: (type: (data: string) => void) => void;
  /** The keyboard goes back to the page. */
  onLeave: () => void;
};

type Shown = { line: LineState; why: string | null };

/** A screen joined to a line to the machine, for as long as the tab lives. */
function useTerminal({ sessionId, tab, shown, onReady, onLeave }: Props) {
  const client = useTRPCClient();
  const refresh = useRefreshStatus();
  const place = useRef<HTMLDivElement>(null);
  const screen = useRef<JoinedScreen | null>(null);
  const isShown = useRef(shown);
  const [state, setState] = useState<Shown>({ line: 'connecting', why: null });
  const [waiting, setWaiting] = useState(0);
  const [notice, setNotice] = useState<Notice | null>(null);
  isShown.current = shown;

  // biome-ignore lint/correctness/useExhaustiveDependencies: a screen belongs to one tab of one session for its whole life
  useEffect(() => {
    let gone = false;
    const here = place.current as HTMLDivElement;
    void openScreen(here, onLeave).then((opened) => {
      if (gone) return opened.terminal.dispose();
      const joined = new JoinedScreen(opened, here, () => client.session.connect.mutate({ sessionId }), tab, {
        notice: setNotice,
        waiting: setWaiting,
        state: (line, why) => {
          setState({ line, why });
          if (line === 'open' && isShown.current && document.activeElement === document.body)
            screen.current?.takeKeyboard();
          if (line === 'ended' || line === 'retrying') void refresh();
        },
      });
      screen.current = joined;
      onReady((data) => joined.line.type(data));
      if (isShown.current) joined.takeKeyboard();
    });
    return () => {
      gone = true;
      screen.current?.dispose();
      screen.current = null;
    };
  }, []);
  return { place, screen, state, waiting, notice, dismiss: () => setNotice(null) };
}

/** One tab: a screen on a line to the machine. It stays alive while hidden, so that switching tabs loses nothing. */
export function TerminalScreen(props: Props) {
  const { tab, shown } = props;
  const { place, screen, state, waiting, notice, dismiss } = useTerminal(props);
  useEffect(() => {
    if (!shown) return;
    screen.current?.fit();
    screen.current?.takeKeyboard();
  }, [shown, screen]);

  function reopen() {
    screen.current?.line.reopen();
    screen.current?.takeKeyboard();
  }
  return (
    <div
      className="terminal-screen"
      hidden={!shown}
      role="tabpanel"
      id={`terminal-${tab}`}
      aria-labelledby={`terminal-tab-${tab}`}
      data-state={state.line}
    >
      <div ref={place} style={{ height: '100%' }} />
      <Overlay
        sessionId={props.sessionId}
        state={state.line}
        why={state.why}
        waiting={waiting}
        notice={notice}
        onDismiss={() => {
          dismiss();
          screen.current?.takeKeyboard();
        }}
        onReopen={reopen}
      />
    </div>
  );
}
