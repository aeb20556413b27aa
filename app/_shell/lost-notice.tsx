'use client';

import { Alert } from '@mantine/core';
import { useStarts } from '../_status/start-context';

/** Says that what is shown may be old, without moving it. It goes away by itself with the next reading. */
export function LostNotice() {
  const { lost, status } = useStarts();
  if (!lost) return null;
  return (
    <Alert className="lost-notice" color="gray" variant="white" role="status">
      {lost} {status ? 'What you see is the last that was known.' : ''} It is tried again by itself.
    </Alert>
  );
}
