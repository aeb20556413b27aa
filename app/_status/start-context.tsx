'use client';

import { notifications } from '@mantine/notifications';
import { createContext, type ReactNode, useCallback, useContext, useMemo, useRef, useState } from 'react';
import type { BatchStatus, Upgrade } from '@/server/shapes';
import { type Refusal, refusalOf, useTRPCClient } from '../_query/trpc';
import { type Explanation, explain, explainStatus } from './explain';
import { RefusalDialog } from './refusal-dialog';
import { useNow } from './use-now';
import { useFreshStatus, useRefreshStatus } from './use-status';

export type Starts = {
  /** Who is signed in: what they put away is theirs alone. */
  personId: string;
  status: BatchStatus | undefined;
  now: number;
  /** Why what is shown may be old: the last reading failed. Null when it did not. */
  lost: string | null;
  /** Why a start is off right now; null when it is on, undefined while nobody knows. */
  explanation: Explanation | null | undefined;
  /** Starts a stopped session; one click is one start. Resolves to true when it is on its way. */
  start: (sessionId: string) => Promise<boolean>;
  starting: ReadonlySet<string>;
  /** Shows why nothing can be started, with the way out. */
  showWhy: () => void;
  /** Shows a refusal the page did not expect. */
  showRefusal: (refusal: Refusal) => void;
};

export const StartsContext = createContext<Starts | null>(null);

/** The one place every start goes through. */
export function useStarts(): Starts {
  const starts = useContext(StartsContext);
  if (!starts) throw new Error('useStarts needs StartProvider');
  return starts;
}

type Shown = { explanation: Explanation; upgrade: Upgrade | null };

export function StartProvider({ personId, children }: { personId: string; children: ReactNode }) {
  const { data: status, lost } = useFreshStatus();
  const now = useNow(status?.now);
  const refresh = useRefreshStatus();
  const client = useTRPCClient();
  const [shown, setShown] = useState<Shown | null>(null);
  const [starting, setStarting] = useState<ReadonlySet<string>>(new Set());
  const underWay = useRef(new Set<string>());
  const explanation = status ? explainStatus(status, now) : undefined;

  const showRefusal = useCallback((refusal: Refusal) => {
    const why = explain(refusal, Date.now());
    if (why) setShown({ explanation: why, upgrade: refusal.upgrade ?? null });
  }, []);
  const showWhy = useCallback(() => {
    if (explanation && status) setShown({ explanation, upgrade: status.upgrade });
  }, [explanation, status]);

  const start = useCallback(
    async (sessionId: string) => {
      if (underWay.current.has(sessionId)) return false;
      underWay.current.add(sessionId);
      setStarting(new Set(underWay.current));
      try {
        await client.session.start.mutate({ sessionId, idempotencyKey: crypto.randomUUID() });
        return true;
      } catch (error) {
        showRefusal(refusalOf(error));
        return false;
      } finally {
        await refresh();
        underWay.current.delete(sessionId);
        setStarting(new Set(underWay.current));
      }
    },
    [client, refresh, showRefusal],
  );

  const value = useMemo(
    () => ({ personId, status, now, lost, explanation, start, starting, showWhy, showRefusal }),
    [personId, status, now, lost, explanation, start, starting, showWhy, showRefusal],
  );
  const share = status?.quota.quotaSeconds
    ? (status.quota.remainingSeconds ?? 0) / status.quota.quotaSeconds
    : null;
  return (
    <StartsContext.Provider value={value}>
      {children}
      <RefusalDialog
        explanation={shown?.explanation ?? null}
        upgrade={shown?.upgrade ?? null}
        share={share}
        onClose={() => setShown(null)}
      />
    </StartsContext.Provider>
  );
}

/** A small notice in the corner for something that did not work. */
export const tellProblem = (message: string): void => {
  notifications.show({ color: 'red', title: 'This did not work', message });
};
