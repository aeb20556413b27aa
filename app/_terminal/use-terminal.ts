import { useEffect, useRef, useState } from 'react';
import { useTRPCClient } from '../_query/trpc';
import { useRefreshStatus } from '../_query/use-status';
import { JoinedScreen, type JoinOptions } from './joined-screen';
import { openScreen, type ScreenActs } from './open-screen';
import type { Look, Preferences } from './preferences';
import { type Notes, useNotes } from './use-notes';
import type { LineState, TabInfo } from './wire';

export type ScreenProps = {
  sessionId: string;
  tab: number;
  shown: boolean;
  look: Look;
  copying: Preferences['copying'];
  /** The screen of this tab; null when it is gone. */
  onScreen: (screen: JoinedScreen | null) => void;
  onTabs: (tabs: TabInfo[]) => void;
  /** Returns the typed input with the held modifier applied. */
  modify: (data: string) => string;
  /** Called when the keyboard focus goes back to the page. */
  onLeave: () => void;
  onFind: () => void;
};

type Shown = { line: LineState; why: string | null };

/** Returns a screen with its connection to the machine, for as long as the tab lives. */
export function useTerminal(props: ScreenProps) {
  const client = useTRPCClient();
  const refresh = useRefreshStatus();
  const place = useRef<HTMLDivElement>(null);
  const screen = useRef<JoinedScreen | null>(null);
  const latest = useRef(props);
  const [state, setState] = useState<Shown>({ line: 'connecting', why: null });
  const [waiting, setWaiting] = useState(0);
  const [link, setLink] = useState<string | null>(null);
  const notes = useNotes();
  latest.current = props;

  function hearState(line: LineState, why: string | null) {
    setState({ line, why });
    if (line === 'open' && latest.current.shown && document.activeElement === document.body)
      screen.current?.takeKeyboard();
    if (line === 'ended' || line === 'retrying') void refresh();
  }
  // biome-ignore lint/correctness/useExhaustiveDependencies: a screen belongs to one tab of one session for its whole life
  useEffect(() => {
    const { sessionId, tab, look } = props;
    const acts = {
      onLeave: () => latest.current.onLeave(),
      onFind: () => latest.current.onFind(),
      onCopy: (text: string) => void copyFor(text, screen.current, latest.current.copying, notes),
      onLink: setLink,
    };
    const events = {
      notice: notes.show,
      calm: notes.calm,
      tabs: (tabs: TabInfo[]) => latest.current.onTabs(tabs),
      waiting: setWaiting,
      state: hearState,
    };
    const connect = () => client.session.connect.mutate({ sessionId });
    const modify = (data: string) => latest.current.modify(data);
    const here = place.current as HTMLDivElement;
    return join(here, look, acts, { place: here, connect, tab, events, modify }, (joined) => {
      screen.current = joined;
      latest.current.onScreen(joined);
      if (joined && latest.current.shown) joined.takeKeyboard();
    });
  }, []);
  return { place, screen, state, waiting, link, notes };
}

/** Opens a screen and its connection; returns a function that ends both, even before they are open. */
function join(
  here: HTMLDivElement,
  look: Look,
  acts: ScreenActs,
  options: JoinOptions,
  onScreen: (screen: JoinedScreen | null) => void,
): () => void {
  let joined: JoinedScreen | null = null;
  let isGone = false;
  void openScreen(here, look, acts).then((opened) => {
    if (isGone) return opened.terminal.dispose();
    joined = new JoinedScreen(opened, options);
    onScreen(joined);
  });
  return () => {
    isGone = true;
    onScreen(null);
    joined?.dispose();
  };
}

/** Copies only from the active window, and only after the user agreed: once, or for good. */
async function copyFor(
  text: string,
  screen: JoinedScreen | null,
  copying: Preferences['copying'],
  notes: Notes,
): Promise<void> {
  if (!screen?.isActive) return;
  if (copying !== 'always') return notes.offer(text);
  await writeClipboard(text).catch(() => notes.offer(text));
}

/** Puts a text on the clipboard; rejects where the browser does not allow it now. */
export const writeClipboard = async (text: string): Promise<void> => navigator.clipboard.writeText(text);
