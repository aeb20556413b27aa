'use client';

import { Skeleton, Text } from '@mantine/core';
import { useState } from 'react';
import { useNow } from '../_query/use-now';
import { SessionCard } from '../_session/session-card';
import { type Starts, StartsContext } from '../_status/start-context';
import { UsageLine } from '../_status/usage-line';
import { exampleStatus } from './example-status';

/** The real dashboard components with made-up figures, inert, so that visitors see the actual product. */
export function ProductPreview() {
  const now = useNow(undefined);
  const [openedAt] = useState(Date.now);
  if (now === 0) return <Skeleton className="preview" radius="md" />;
  const starts: Starts = {
    personId: '',
    status: exampleStatus(openedAt, now),
    now,
    lost: null,
    explanation: null,
    start: async () => false,
    starting: new Set(),
    swap: async () => false,
    showWhy: () => {},
    showRefusal: () => {},
  };
  return (
    <StartsContext.Provider value={starts}>
      <figure className="preview">
        <div inert>
          <UsageLine />
          <div className="cards" style={{ marginTop: 16 }}>
            {starts.status?.sessions.map((session) => (
              <SessionCard key={session.id} session={session} />
            ))}
          </div>
        </div>
        <Text component="figcaption" size="sm" c="dimmed" mt="sm">
          The dashboard, with example figures: what is used, what is left, and when each session stops and
          why.
        </Text>
      </figure>
    </StartsContext.Provider>
  );
}
