'use client';

import { createContext, type ReactNode, useCallback, useContext, useMemo, useRef, useState } from 'react';
import { shownFigures } from '@/server/quota/refusal-words';
import type { BatchStatus } from '@/server/shapes';
import { useSupportEmail } from '../_look/support';
import { type Refusal, refusalOf, useTRPCClient } from '../_query/trpc';
import { useNow } from '../_query/use-now';
import { useFreshStatus, useRefreshStatus } from '../_query/use-status';
import { type Explanation, explain, explainStatus } from './explain';
import { RefusalDialog, type Shown } from './refusal-dialog';
import { useSwap } from './use-swap';

export type Starts = {
  /** The signed-in user: dismissed warnings are stored per user. */
  personId: string;
  status: BatchStatus | undefined;
  now: number;
  /** Why the page may be out of date: the last reading failed. Null when it succeeded. */
  lost: string | null;
  /** Why a start is refused right now; null when it is allowed, undefined while unknown. */
  explanation: Explanation | null | undefined;
  /** Starts a stopped session; a double click is one start. Resolves to true once the start is accepted. */
  start: (sessionId: string) => Promise<boolean>;
  starting: ReadonlySet<string>;
  /** Stops one session, waits until its place is free, and starts another; resolves like `start`. */
  swap: (stopId: string, startId: string) => Promise<boolean>;
  /** Opens the dialog that says why nothing can be started, for the session to be started, if any. */
  showWhy: (wantedId?: string) => void;
  /** Shows a refusal the page did not expect. */
  showRefusal: (refusal: Refusal, wantedId?: string) => void;
};

export const StartsContext = createContext<Starts | null>(null);

/** Returns the context that every start goes through. Throws outside StartProvider. */
export function useStarts(): Starts {
  const starts = useContext(StartsContext);
  if (!starts) throw new Error('useStarts needs StartProvider');
  return starts;
}

export function StartProvider({ personId, children }: { personId: string; children: ReactNode }) {
  const { data: status, lost } = useFreshStatus();
  const now = useNow(status?.now);
  const [shown, setShown] = useState<Shown | null>(null);
  const supportEmail = useSupportEmail();
  const explanation = status ? explainStatus(status, now, supportEmail) : undefined;

  const showRefusal = useCallback(
    (refusal: Refusal, wantedId: string | null = null) => {
      const why = explain(refusal, Date.now(), supportEmail);
      if (why) setShown({ explanation: why, upgrade: refusal.upgrade ?? null, wantedId });
    },
    [supportEmail],
  );
  const showWhy = useCallback(
    (wantedId: string | null = null) => {
      if (explanation && status) setShown({ explanation, upgrade: status.upgrade, wantedId });
    },
    [explanation, status],
  );

  const { start, starting } = useStart(showRefusal);
  const swap = useSwap(start, showRefusal);

  const value = useMemo(
    () => ({ personId, status, now, lost, explanation, start, starting, swap, showWhy, showRefusal }),
    [personId, status, now, lost, explanation, start, starting, swap, showWhy, showRefusal],
  );
  const figures = status && shownFigures(status.quota);
  const share = figures?.wholeSeconds ? (figures.leftSeconds ?? 0) / figures.wholeSeconds : null;
  return (
    <StartsContext.Provider value={value}>
      {children}
      <RefusalDialog shown={shown} share={share} onSwap={swap} onClose={() => setShown(null)} />
    </StartsContext.Provider>
  );
}

/** Returns a function that starts sessions, each once at a time, and the ids being started. */
function useStart(onRefusal: (refusal: Refusal, wantedId: string) => void) {
  const refresh = useRefreshStatus();
  const client = useTRPCClient();
  const [starting, setStarting] = useState<ReadonlySet<string>>(new Set());
  const underWay = useRef(new Set<string>());
  const start = useCallback(
    async (sessionId: string) => {
      if (underWay.current.has(sessionId)) return false;
      underWay.current.add(sessionId);
      setStarting(new Set(underWay.current));
      try {
        await client.session.start.mutate({ sessionId, idempotencyKey: crypto.randomUUID() });
        return true;
      } catch (error) {
        onRefusal(refusalOf(error), sessionId);
        return false;
      } finally {
        await refresh();
        underWay.current.delete(sessionId);
        setStarting(new Set(underWay.current));
      }
    },
    [client, refresh, onRefusal],
  );

  return { start, starting };
}
