'use client';

import { Alert } from '@mantine/core';
import { useStarts } from '../_status/start-context';

/** Says that the page may be out of date, without moving its content. Disappears with the next successful reading. */
export function LostNotice() {
  const { lost, status } = useStarts();
  if (!lost) return null;
  return (
    <Alert className="lost-notice" color="gray" variant="white" role="status">
      {lost} {status ? 'This page shows the last known state.' : ''} Retrying automatically.
    </Alert>
  );
}
