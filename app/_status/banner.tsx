'use client';

import { Alert, Anchor, Button, Group, Text } from '@mantine/core';
import { useLocalStorage } from '@mantine/hooks';
import Link from 'next/link';
import { KEPT } from '@/server/kept';
import type { BatchStatus, Upgrade } from '@/server/shapes';
import { ResendConfirmation } from '../_account/resend-confirmation';
import { formatDuration } from '../_format/duration';
import { formatReset } from '../_format/instant';
import { formatMoney } from '../_offers/money';
import { packsIn } from '../_offers/packs';
import { TrialOffer, useTrial } from '../_offers/trial-offer';
import { FirstPayment, soldIn } from '../_offers/upgrade-links';
import { isRenewed } from './explain';
import { useStarts } from './start-context';

/** Refusals because of the account itself, and the colours of their banners. */
const OF_THE_ACCOUNT = new Set(['ACCOUNT_BLOCKED', 'ACCOUNT_PENDING', 'EMAIL_UNCONFIRMED']);
const COLOURS: Record<string, string> = { ACCOUNT_PENDING: 'gray', EMAIL_UNCONFIRMED: 'yellow' };

/** Whether the banner already says why nothing can be started. A limit on sessions is shown at the buttons only. */
export function isToldByBanner({ quota, start }: BatchStatus): boolean {
  if (start.reason !== null && OF_THE_ACCOUNT.has(start.reason)) return true;
  return quota.level === 'exhausted' && !start.allowed;
}

/**
 * Shows the quota's state. The warnings at 80 and 95 percent can be dismissed for the month, per user; a banner about
 * refused starts cannot.
 */
export function QuotaBanner() {
  const { status } = useStarts();
  if (!status) return null;
  return isToldByBanner(status) ? <Stopper status={status} /> : <Warning status={status} />;
}

/** Shows why nothing can be started, with a remedy where there is one. */
function Stopper({ status }: { status: BatchStatus }) {
  const { explanation } = useStarts();
  const { quota, upgrade, start } = status;
  if (!explanation) return null;
  return (
    <Alert color={COLOURS[start.reason ?? ''] ?? 'red'} title={explanation.title} mb="md" role="alert">
      <Group justify="space-between">
        <div>
          <Text size="sm">
            {explanation.text}
            {quota.level === 'exhausted' && ` ${KEPT}`}
          </Text>
          {upgrade && <FirstPayment upgrade={upgrade} />}
        </div>
        {start.reason === 'EMAIL_UNCONFIRMED' && <ResendConfirmation size="xs" />}
        {start.reason === 'QUOTA_EXCEEDED' ? (
          <MoreTime upgrade={upgrade} />
        ) : (
          <Group gap="sm">
            <UpgradeButton upgrade={upgrade} />
          </Group>
        )}
      </Group>
    </Alert>
  );
}

/** Offers the trial first while it is available, because it is free. */
function MoreTime({ upgrade }: { upgrade: Upgrade | null }) {
  const trial = useTrial();
  return (
    <Group gap="sm" align="flex-start">
      {trial && <TrialOffer trial={trial} size="xs" />}
      <UpgradeButton upgrade={upgrade} isSecond={trial !== null} />
    </Group>
  );
}

/** Links to the smallest plan and the smallest pack that help and are for sale; renders nothing without either. */
function UpgradeButton({ upgrade, isSecond = false }: { upgrade: Upgrade | null; isSecond?: boolean }) {
  const [plan] = soldIn(upgrade);
  const [pack] = packsIn(upgrade);
  return (
    <>
      {plan && (
        <Button component="a" href={plan.url} size="xs" variant={isSecond ? 'default' : 'filled'}>
          Upgrade to {plan.name}
        </Button>
      )}
      {pack?.price && (
        <Button component="a" href={pack.url} size="xs" variant={isSecond || plan ? 'default' : 'filled'}>
          Add {pack.name} for {formatMoney(pack.price)}
        </Button>
      )}
    </>
  );
}

function Warning({ status: { quota } }: { status: BatchStatus }) {
  const { personId, now } = useStarts();
  const [putAway, putAwayNow] = useLocalStorage<string[]>({
    key: `quota-banners:${personId}`,
    defaultValue: [],
  });
  if (quota.level !== 'warn80' && quota.level !== 'warn95') return null;
  const key = `${quota.plan.id}-${quota.periodStart.slice(0, 7)}-${quota.level}`;
  if (putAway.includes(key)) return null;
  return (
    <Alert
      color={quota.level === 'warn95' ? 'orange' : 'yellow'}
      title={`${quota.percent} % of your compute quota is used`}
      mb="md"
      role="status"
      withCloseButton
      closeButtonLabel="Dismiss for this month"
      onClose={() => putAwayNow([...putAway.slice(-20), key])}
    >
      {formatDuration(quota.remainingSeconds ?? 0)} left
      {isRenewed(quota) ? ` until ${formatReset(quota.periodEnd, now)}` : ' of your trial'}.{' '}
      <Anchor component={Link} href="/plans" size="sm">
        See the plans
      </Anchor>
    </Alert>
  );
}
