'use client';

import { Button, Stack, Text } from '@mantine/core';
import type { Upgrade, UpgradePlan } from '@/server/shapes';
import { formatAllowance } from '../_format/duration';
import { ContactLine } from '../_look/contact-line';
import { ButtonLink } from '../_look/links';
import { useNow } from '../_query/use-now';
import { firstCharge, formatMoney, formatPrice, nextFirst } from './money';
import { PackLinks, packsIn } from './packs';
import { thisMonth, thisMonthText } from './this-month';

/** Whether a refusal is for lack of monthly time or of concurrent sessions. */
type Lacking = 'time' | 'sessions';

type Props = {
  upgrade: Upgrade;
  lacking: Lacking;
  /** True when a free offer comes first. */
  isSecond?: boolean;
};

/** Returns the plans of an upgrade that are for sale. */
export const soldIn = (upgrade: Upgrade | null): UpgradePlan[] =>
  upgrade?.plans.filter((plan) => plan.price !== null) ?? [];

/**
 * Links to the payment of each plan and pack that lifts the refusal and is for sale; the others are on the plans page.
 */
export function UpgradeLinks({ upgrade, lacking, isSecond = false }: Props) {
  const sold = soldIn(upgrade);
  const packs = packsIn(upgrade);
  if (sold.length === 0 && packs.length === 0) return <NothingSold />;
  return (
    <Stack gap="xs" role="group" aria-label="Upgrade">
      {sold.map((plan, index) => (
        <Button
          key={plan.id}
          component="a"
          href={plan.url}
          variant={index === 0 && !isSecond ? 'filled' : 'default'}
          justify="space-between"
          className="wrapping"
          rightSection={
            <Text size="sm" style={{ whiteSpace: 'nowrap' }}>
              {formatPrice(plan.price)}
            </Text>
          }
        >
          {`Upgrade to ${plan.name} · ${gainOf(plan, lacking)}`}
        </Button>
      ))}
      <FirstPayment upgrade={upgrade} />
      <PackLinks packs={packs} isFirst={sold.length === 0 && !isSecond} />
      <ButtonLink href="/plans" variant="subtle">
        Compare all plans
      </ButtonLink>
    </Stack>
  );
}

/** Returns `27 h this month`, or `160 h a month` when this month is a whole one. */
function timeText({ monthlySeconds, thisMonthSeconds }: UpgradePlan): string {
  if (monthlySeconds === null) return formatAllowance(null);
  return thisMonthSeconds === null || thisMonthSeconds === monthlySeconds
    ? `${formatAllowance(monthlySeconds)} a month`
    : thisMonth(thisMonthSeconds);
}

/** Returns a plan's time or sessions, whichever is lacking. */
function gainOf(plan: UpgradePlan, lacking: Lacking): string {
  return lacking === 'sessions' ? `${plan.maxSessions} at once` : timeText(plan);
}

const NothingSold = () => (
  <Text size="sm" c="dimmed">
    Bigger plans are not for sale here. <ContactLine />
  </Text>
);

/** Shows, before the payment, the cost of the first of these plans today and from the next first of the month on. */
export function FirstPayment({ upgrade }: { upgrade: Upgrade }) {
  const now = useNow(undefined);
  const [first] = soldIn(upgrade);
  if (!first?.price || now === 0) return null;
  const { today, next } = firstCharge(first.price, now);
  const time = thisMonthText(first, nextFirst(now));
  return (
    <Text size="xs" c="dimmed">
      {first.name}: {formatMoney(today)} today for the rest of this month, then {formatMoney(next)} on{' '}
      {nextFirst(now)}.{time && ` ${time}.`}
    </Text>
  );
}
