'use client';

import { useRouter } from 'next/navigation';
import { useRef, useState } from 'react';
import type { Agent } from '@/server/shapes';
import { tellProblem } from '../_query/tell-problem';
import { refusalOf, useTRPCClient } from '../_query/trpc';
import { useRefreshStatus } from '../_query/use-status';

export type NewSession = { name: string; agent: Agent; idleStopSeconds?: number };

/**
 * Returns `create`, which creates a session, runs `goOn` and opens the session's page when `goOn` started it, and
 * `busy`. A second press after a refused start reuses the session created first.
 */
export function useCreate(onDone: () => void) {
  const client = useTRPCClient();
  const refresh = useRefreshStatus();
  const router = useRouter();
  const [busy, setBusy] = useState(false);
  const created = useRef<string | null>(null);

  async function create(input: NewSession, goOn: (sessionId: string) => Promise<boolean>): Promise<boolean> {
    if (busy) return false;
    setBusy(true);
    try {
      created.current ??= (await client.session.create.mutate(input)).id;
      const sessionId = created.current;
      const started = await goOn(sessionId);
      created.current = null;
      onDone();
      if (started) router.push(`/sessions/${sessionId}`);
      return started;
    } catch (error) {
      tellProblem(refusalOf(error).message);
      return false;
    } finally {
      setBusy(false);
      await refresh();
    }
  }
  return { create, busy };
}
