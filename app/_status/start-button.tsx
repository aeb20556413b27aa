'use client';

import { Button, type ButtonProps, Tooltip, VisuallyHidden } from '@mantine/core';
import { type ReactNode, useId } from 'react';
import { useStarts } from './start-context';

type Props = ButtonProps & {
  onStart: () => void;
  children: ReactNode;
  busy?: boolean;
  /**
   * The session to start. Without one the button creates a session, which a limit on running sessions does not forbid.
   */
  sessionId?: string;
};

/**
 * A button that starts something. While starts are refused it looks disabled but stays focusable, gives the reason to
 * screen readers too, and a press opens the dialog with the remedies.
 */
export function StartButton({ onStart, children, busy = false, sessionId, ...rest }: Props) {
  const { explanation: refusal, showWhy } = useStarts();
  const mayMake = sessionId === undefined && refusal?.reason === 'SESSION_LIMIT_REACHED';
  const explanation = mayMake ? null : refusal;
  const id = useId();
  const off = explanation !== null;
  const why = explanation
    ? `${explanation.title}. ${explanation.text}`
    : explanation === undefined
      ? 'Loading your quota…'
      : '';
  return (
    <Tooltip
      label={why}
      disabled={!explanation}
      multiline
      maw={300}
      withArrow
      events={{ hover: true, focus: true, touch: false }}
    >
      <span>
        <Button
          {...rest}
          data-disabled={off || undefined}
          aria-disabled={off || busy}
          aria-describedby={off ? id : undefined}
          loading={busy}
          onClick={() => (off ? showWhy(sessionId) : onStart())}
        >
          {children}
        </Button>
        {off && <VisuallyHidden id={id}>{why}</VisuallyHidden>}
      </span>
    </Tooltip>
  );
}
