import { Alert, Button, Group, Text } from '@mantine/core';
import type { ReactNode } from 'react';
import { formatDuration } from '../_format/duration';
import { useSessionActs } from '../_session/use-session-acts';
import { MoreTime } from './more-time';
import { type Note, type Notes, useSecondsLeft } from './use-notes';
import type { LineState } from './wire';

type OverlayProps = {
  sessionId: string;
  state: LineState;
  why: string | null;
  /** Characters typed while disconnected. */
  waiting: number;
  notes: Notes;
  /** Called to focus the terminal again. */
  onDone: () => void;
  onReopen: () => void;
  /** Null for the only tab. */
  onClose: (() => void) | null;
  onCopy: (text: string, always: boolean) => void;
};

/** Messages about the terminal, over the program's screen and never in it. */
export function Overlay(props: OverlayProps) {
  const { state, why, waiting, notes } = props;
  if (state === 'retrying' || state === 'connecting') {
    return (
      <Box>
        {state === 'retrying' ? 'Reconnecting… ' : 'Connecting…'}
        {state === 'retrying' && waitingWords(waiting)}
      </Box>
    );
  }
  if (state === 'ended') {
    return (
      <Box words={why}>
        {props.onClose && (
          <Button size="xs" variant="subtle" color="gray" onClick={props.onClose}>
            Close tab
          </Button>
        )}
        <Button size="xs" variant="default" onClick={props.onReopen}>
          Open again
        </Button>
      </Box>
    );
  }
  if (notes.copy !== null) return <CopyOffer {...props} text={notes.copy} />;
  return notes.note && <NoteBox {...props} note={notes.note} />;
}

type BoxProps = { words?: ReactNode; children?: ReactNode; color?: string; onClose?: () => void };

const Box = ({ words, children, color = 'gray', onClose }: BoxProps) => (
  <Alert
    className="terminal-note"
    color={color}
    role="status"
    withCloseButton={onClose !== undefined}
    closeButtonLabel="Dismiss"
    onClose={onClose}
  >
    {words === undefined ? (
      children
    ) : (
      <Group justify="space-between" gap="xs">
        <Text size="sm" style={{ overflowWrap: 'anywhere' }}>
          {words}
        </Text>
        <Group gap="xs">{children}</Group>
      </Group>
    )}
  </Alert>
);

const COLOURS = { info: 'gray', warning: 'orange', final: 'red' };

function NoteBox({ note, notes, sessionId, onDone }: OverlayProps & { note: Note }) {
  const left = useSecondsLeft(note);
  function dismiss() {
    notes.dismiss();
    onDone();
  }
  const words =
    left === null ? (
      note.text
    ) : (
      <>
        {/* Announced once by a screen reader, not every second. */}
        <span aria-live="off">This session stops in {formatDuration(left)}.</span> {note.why}
      </>
    );
  return (
    <Box words={words} color={COLOURS[note.level]} onClose={dismiss}>
      {note.cause === 'idle' && <StayButton sessionId={sessionId} onDone={dismiss} />}
      {note.cause === 'quota' && <MoreTime variant="filled" color="orange.9" />}
    </Box>
  );
}

/** Asks before a program's text reaches the clipboard. */
function CopyOffer({ text, notes, onCopy, onDone }: OverlayProps & { text: string }) {
  function answer(always: boolean | null) {
    notes.offer(null);
    if (always !== null) onCopy(text, always);
    onDone();
  }
  const start = text.length > 60 ? `${text.slice(0, 60)}…` : text;
  return (
    <Box words={`A program wants to copy “${start}” to your clipboard.`} onClose={() => answer(null)}>
      <Button size="xs" variant="default" onClick={() => answer(true)}>
        Always allow
      </Button>
      <Button size="xs" onClick={() => answer(false)}>
        Copy
      </Button>
    </Box>
  );
}

function StayButton({ sessionId, onDone }: { sessionId: string; onDone: () => void }) {
  const acts = useSessionActs({ id: sessionId });
  return (
    <Button
      size="xs"
      color="orange.9"
      loading={acts.busy}
      onClick={async () => (await acts.keepAwake()) && onDone()}
    >
      Keep running
    </Button>
  );
}

function waitingWords(count: number): string {
  if (count === 0) return 'The connection was lost.';
  const what = count === 1 ? '1 character that you typed waits' : `${count} characters that you typed wait`;
  return `The connection was lost. ${what} to be sent.`;
}
