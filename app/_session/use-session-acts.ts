'use client';

import { useState } from 'react';
import type { Session } from '@/server/shapes';
import { tellProblem } from '../_query/tell-problem';
import { refusalOf, useTRPCClient } from '../_query/trpc';
import { useRefreshStatus } from '../_query/use-status';

/** The time requested with one click, in seconds; a plan may allow less. */
const KEEP_SECONDS = 3600;

/** Returns functions that stop, change and delete one session. Each refetches the status at once. */
export function useSessionActs(session: Pick<Session, 'id'>) {
  const client = useTRPCClient();
  const refresh = useRefreshStatus();
  const [busy, setBusy] = useState(false);
  const sessionId = session.id;

  async function act(work: () => Promise<unknown>): Promise<boolean> {
    setBusy(true);
    try {
      await work();
      return true;
    } catch (error) {
      tellProblem(refusalOf(error).message);
      return false;
    } finally {
      await refresh();
      setBusy(false);
    }
  }
  return {
    busy,
    stop: () => act(() => client.session.stop.mutate({ sessionId })),
    rename: (name: string) => act(() => client.session.update.mutate({ sessionId, name })),
    setIdleStop: (idleStopSeconds: number) =>
      act(() => client.session.update.mutate({ sessionId, idleStopSeconds })),
    keepAwake: (seconds = KEEP_SECONDS) => act(() => client.session.keepAwake.mutate({ sessionId, seconds })),
    remove: () => act(() => client.session.delete.mutate({ sessionId })),
  };
}
