'use client';

import { Alert, Button, Group, Loader, Paper, Stack, Text, Title } from '@mantine/core';
import Link from 'next/link';
import { useRouter } from 'next/navigation';
import { useCallback, useEffect, useState } from 'react';
import type { Arrival } from '@/server/billing/checkout/return-from-checkout';
import { PaymentsNote } from '../_offers/notes';
import { useRefreshBilling } from '../_offers/use-billing';
import { useTRPCClient } from '../_query/trpc';
import { useStarts } from '../_status/start-context';

/** How often the page checks for the payment, and when it stops waiting. */
const ASK_EVERY_MS = 2_000;
const GIVE_UP_MS = 30_000;

type Phase = Arrival | 'late';

/** The page after a payment: the new plan at once, or a bounded wait, always with a link to continue. */
export function ReturnPage({ initial, invoiceId }: { initial: Arrival; invoiceId?: string }) {
  const [phase, setPhase] = useState<Phase>(initial);
  const { status } = useStarts();
  const refresh = useRefreshBilling();
  useWaiting(phase, setPhase);
  usePack(initial, phase, setPhase);
  useEffect(() => {
    if (phase === 'paid' || phase === 'added') void refresh();
  }, [phase, refresh]);
  return (
    <main className="page" id="content">
      <Title order={1} size="h3" mb="md">
        Payment
      </Title>
      <PaymentsNote />
      <Paper withBorder p="lg" maw={560} aria-live="polite">
        <Stack>
          <Words phase={phase} planName={status?.quota.plan.name ?? null} />
          <Ways
            phase={phase}
            invoiceId={invoiceId}
            onAgain={() => setPhase(initial === 'adding' ? 'adding' : 'waiting')}
          />
        </Stack>
      </Paper>
    </main>
  );
}

/**
 * Polls until the plan is in force, at most GIVE_UP_MS however slow an answer is. The summary is refreshed before its
 * name is shown, so that a user who has just paid never sees the previous plan's name.
 */
function useWaiting(phase: Phase, setPhase: (phase: Phase) => void): void {
  const client = useTRPCClient();
  const refresh = useRefreshBilling();
  const ask = useCallback(async () => {
    const summary = await client.billing.refresh.mutate().catch(() => null);
    if (!summary || summary.pendingChange) return false;
    return summary.status === 'active' || summary.status === 'trialing';
  }, [client]);
  useEffect(() => {
    if (phase !== 'waiting') return;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let over = false;
    const look = async () => {
      const isThere = await ask();
      if (isThere && !over) await refresh();
      if (over) return;
      if (isThere) setPhase('paid');
      else timer = setTimeout(look, ASK_EVERY_MS);
    };
    void look();
    const end = setTimeout(() => setPhase('late'), GIVE_UP_MS);
    return () => {
      over = true;
      clearTimeout(timer);
      clearTimeout(end);
    };
  }, [phase, ask, refresh, setPhase]);
}

/** Reloads the page until the pack is there, within the same bound. */
function usePack(initial: Arrival, phase: Phase, setPhase: (phase: Phase) => void): void {
  const router = useRouter();
  useEffect(() => setPhase(initial), [initial, setPhase]);
  useEffect(() => {
    if (phase !== 'adding') return;
    const look = setInterval(() => router.refresh(), ASK_EVERY_MS);
    const end = setTimeout(() => setPhase('late'), GIVE_UP_MS);
    return () => {
      clearInterval(look);
      clearTimeout(end);
    };
  }, [phase, router, setPhase]);
}

function Words({ phase, planName }: { phase: Phase; planName: string | null }) {
  switch (phase) {
    case 'paid':
      return (
        <>
          <Title order={2} size="h4">
            {planName ? `You are on ${planName}` : 'Paid'}
          </Title>
          <Text>Thank you. Everything works again now, and running sessions continue.</Text>
        </>
      );
    case 'added':
      return (
        <>
          <Title order={2} size="h4">
            Your pack is ready
          </Title>
          <Text>Thank you. You can start at once, and running sessions continue.</Text>
        </>
      );
    case 'waiting':
    case 'adding':
      return (
        <Group wrap="nowrap">
          <Loader size="sm" aria-hidden />
          <Text>Confirming your payment…</Text>
        </Group>
      );
    case 'late':
      return (
        <Alert color="yellow" title="This takes longer than usual">
          Nothing is lost: as soon as the payment is confirmed you have what you paid for, and an email tells
          you.
        </Alert>
      );
    case 'open':
      return <Text>You have not paid yet. Nothing was changed.</Text>;
    case 'refused':
      return (
        <Text>Your bank did not confirm the payment. Nothing was changed, and nothing was charged.</Text>
      );
    case 'failed':
      return <Text>This payment page is no longer valid. Nothing was changed.</Text>;
  }
}

type WaysProps = { phase: Phase; invoiceId?: string; onAgain: () => void };

function Ways({ phase, invoiceId, onAgain }: WaysProps) {
  const done = phase === 'paid' || phase === 'added';
  const unpaid = phase === 'open' || phase === 'failed';
  return (
    <Group>
      {phase === 'late' && <Button onClick={onAgain}>Check again</Button>}
      {phase === 'refused' && invoiceId && (
        <Button component="a" href={`/billing/confirm?invoice=${encodeURIComponent(invoiceId)}`}>
          Try again
        </Button>
      )}
      {unpaid && (
        <Button component={Link} href="/plans">
          Back to the plans
        </Button>
      )}
      <Button component={Link} href="/dashboard" variant={done ? 'filled' : 'default'}>
        To your sessions
      </Button>
      {!unpaid && (
        <Button component={Link} href="/billing" variant="default">
          Billing
        </Button>
      )}
    </Group>
  );
}
