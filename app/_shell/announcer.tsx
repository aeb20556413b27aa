'use client';

import { VisuallyHidden } from '@mantine/core';
import { useEffect, useRef, useState } from 'react';
import type { SessionStatus } from '@/server/shapes';
import { STATUS_WORDS } from '../_session/words';
import { useStarts } from '../_status/start-context';

/** Announces to screen readers when a session changes its state without a user action. */
export function Announcer() {
  const { status } = useStarts();
  const before = useRef<Map<string, SessionStatus>>(new Map());
  const [words, setWords] = useState('');
  useEffect(() => {
    if (!status) return;
    const changed = status.sessions.filter(({ id, status: now }) => {
      const was = before.current.get(id);
      return was !== undefined && was !== now;
    });
    before.current = new Map(status.sessions.map((session) => [session.id, session.status]));
    if (changed.length === 0) return;
    setWords(changed.map(({ name, status: now }) => `${name}: ${STATUS_WORDS[now].label}`).join('. '));
  }, [status]);
  return <VisuallyHidden role="status">{words}</VisuallyHidden>;
}
