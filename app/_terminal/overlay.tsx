import { Alert, Button, Group, Text } from '@mantine/core';
import { useSessionActs } from '../_session/use-session-acts';
import type { LineState, Notice } from './connection';

type OverlayProps = {
  sessionId: string;
  state: LineState;
  why: string | null;
  /** Characters that were typed and wait for the line. */
  waiting: number;
  notice: Notice | null;
  onDismiss: () => void;
  onReopen: () => void;
};

/** What the terminal has to say beside the program in it: never in the program's own screen. */
export function Overlay({ sessionId, state, why, waiting, notice, onDismiss, onReopen }: OverlayProps) {
  if (state === 'retrying' || state === 'connecting') {
    return (
      <Alert className="terminal-note" color="gray" role="status">
        {state === 'retrying' ? 'Reconnecting… ' : 'Connecting…'}
        {state === 'retrying' && waitingWords(waiting)}
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
      <Group justify="space-between" gap="xs">
        <Text size="sm">{notice.text}</Text>
        {notice.cause === 'idle' && <StayButton sessionId={sessionId} onDone={onDismiss} />}
      </Group>
    </Alert>
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
