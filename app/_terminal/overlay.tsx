import { Alert, Button, Group, Text } from '@mantine/core';
import type { LineState, Notice } from './connection';

type OverlayProps = {
  state: LineState;
  why: string | null;
  /** Characters that were typed and wait for the line. */
  waiting: number;
  notice: Notice | null;
  onDismiss: () => void;
  onReopen: () => void;
};

/** What the terminal has to say beside the program in it: never in the program's own screen. */
export function Overlay({ state, why, waiting, notice, onDismiss, onReopen }: OverlayProps) {
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
      {notice.text}
    </Alert>
  );
}

function waitingWords(count: number): string {
  if (count === 0) return 'The connection was lost.';
  const what = count === 1 ? '1 character that you typed waits' : `${count} characters that you typed wait`;
  return `The connection was lost. ${what} to be sent.`;
}
