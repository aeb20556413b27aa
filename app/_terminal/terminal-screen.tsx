'use client';

import { type RefObject, useEffect } from 'react';
import { tellProblem } from '../_query/tell-problem';
import type { JoinedScreen } from './joined-screen';
import { Overlay } from './overlay';
import { type ScreenProps, useTerminal, writeClipboard } from './use-terminal';

type Props = ScreenProps & {
  /** The session has stopped; its screen stays readable. */
  isOver: boolean;
  /** No more output comes, so the connection is not opened again. */
  isGone: boolean;
  /** Null for the only tab. */
  onClose: (() => void) | null;
  onAlwaysCopy: () => void;
};

/** One tab: a screen with a connection to the machine. It stays alive while hidden, so that switching tabs loses nothing. */
export function TerminalScreen(props: Props) {
  const { tab, shown, look, isOver } = props;
  const { place, screen, state, waiting, link, notes } = useTerminal(props);
  useScreen(screen, props);
  const takeKeyboard = () => screen.current?.takeKeyboard();
  function reopen() {
    screen.current?.line.reopen();
    takeKeyboard();
  }
  async function copy(text: string, always: boolean) {
    if (always) props.onAlwaysCopy();
    await writeClipboard(text).catch(() => tellProblem('This browser did not let the page copy.'));
  }
  return (
    <div
      className="terminal-screen"
      hidden={!shown}
      role="tabpanel"
      id={`terminal-${tab}`}
      aria-labelledby={`terminal-tab-${tab}`}
      data-state={state.line}
      style={{ background: look.palette.theme.background }}
    >
      <div ref={place} className="terminal-place" />
      {link && <div className="terminal-link">{link}</div>}
      {!isOver && (
        <Overlay
          sessionId={props.sessionId}
          state={state.line}
          why={state.why}
          waiting={waiting}
          notes={notes}
          onDone={takeKeyboard}
          onReopen={reopen}
          onClose={props.onClose}
          onCopy={copy}
        />
      )}
    </div>
  );
}

/** Applies to a screen whether it is shown, its look, and the end of its connection. */
function useScreen(screen: RefObject<JoinedScreen | null>, { shown, look, isGone }: Props): void {
  const { fontPx, isSpoken, palette } = look;
  useEffect(() => {
    if (!shown) return;
    screen.current?.fit();
    screen.current?.takeKeyboard();
  }, [shown, screen]);
  useEffect(
    () => screen.current?.setLook({ fontPx, isSpoken, palette }),
    [screen, fontPx, isSpoken, palette],
  );
  useEffect(() => {
    if (isGone) screen.current?.line.close();
  }, [isGone, screen]);
}
