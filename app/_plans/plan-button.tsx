'use client';

import { Button, Text } from '@mantine/core';
import Link from 'next/link';
import { useSupportEmail } from '../_look/support';
import { useBillingAct } from '../_offers/use-billing';
import { useTRPCClient } from '../_query/trpc';
import type { PlanAction } from './plan-action';

/** The one button of a plan's card. A double click starts one trial. */
export function PlanButton({ action }: { action: PlanAction }) {
  const client = useTRPCClient();
  const { act, busy } = useBillingAct();
  switch (action.kind) {
    case 'current':
      return (
        <Button disabled variant="default">
          {action.label}
        </Button>
      );
    case 'off':
      return <OffButton label={action.label} why={action.why} />;
    case 'none':
      return <NoButton label={action.label} why={action.why} contact={action.contact} />;
    case 'link':
      return (
        <Button component="a" href={action.href} variant={action.main ? 'filled' : 'default'}>
          {action.label}
        </Button>
      );
    case 'trial':
      return (
        <Button
          variant="default"
          loading={busy}
          onClick={() => act(() => client.billing.startTrial.mutate(), 'Your trial has begun.')}
        >
          {action.label}
        </Button>
      );
    case 'leave-trial':
      return (
        <Button
          variant="default"
          loading={busy}
          onClick={() =>
            act(() => client.billing.changePlan.mutate({ planId: 'free' }), 'You are on Free again.')
          }
        >
          {action.label}
        </Button>
      );
  }
}

const OffButton = ({ label, why }: { label: string; why: string }) => (
  <div>
    <Button disabled fullWidth variant="default" title={why}>
      {label}
    </Button>
    <Text size="xs" c="dimmed" ta="center" mt={4}>
      {why}
    </Text>
  </div>
);

/** A plan that cannot be bought here has no button, unless there is a support address. */
function NoButton({ label, why, contact }: { label: string; why: string; contact: boolean }) {
  const email = useSupportEmail();
  if (contact && email)
    return (
      <Button component={Link} href="/contact?about=a%20plan%20on%20request" variant="default">
        {label}
      </Button>
    );
  return (
    <Text size="sm" c="dimmed" ta="center">
      {why}
    </Text>
  );
}
