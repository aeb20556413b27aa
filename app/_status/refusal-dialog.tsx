'use client';

import { Button, Group, Modal, Stack, Text } from '@mantine/core';
import type { Upgrade } from '@/server/shapes';
import { ResendConfirmation } from '../_account/resend-confirmation';
import { Mark } from '../_look/mark';
import { TrialOffer, useTrial } from '../_offers/trial-offer';
import { UpgradeLinks } from '../_offers/upgrade-links';
import type { Explanation } from './explain';
import { StopFirst } from './stop-first';

export type Shown = {
  explanation: Explanation;
  upgrade: Upgrade | null;
  /** The session that was to be started. */
  wantedId: string | null;
};

type Props = {
  shown: Shown | null;
  share: number | null;
  onSwap: (stopId: string, startId: string) => Promise<boolean>;
  onClose: () => void;
};

/** Shown for every refused start: the reason, the figures, the date, and the remedies, free ones first. */
export function RefusalDialog({ shown, share, onSwap, onClose }: Props) {
  return (
    <Modal
      opened={shown !== null}
      onClose={onClose}
      title={shown?.explanation.title}
      centered
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      <Stack>
        <Group wrap="nowrap" align="flex-start">
          <Mark share={share} size={48} />
          <Text>{shown?.explanation.text}</Text>
        </Group>
        {shown && <WaysOut shown={shown} onSwap={onSwap} onClose={onClose} />}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose} data-autofocus={shown?.upgrade ? undefined : true}>
            Close
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}

function WaysOut({ shown, onSwap, onClose }: Pick<Props, 'onSwap' | 'onClose'> & { shown: Shown }) {
  const { explanation, upgrade, wantedId } = shown;
  switch (explanation.reason) {
    case 'EMAIL_UNCONFIRMED':
      return <ResendConfirmation fullWidth />;
    case 'SESSION_LIMIT_REACHED':
      return (
        <>
          {wantedId && <StopFirst onStop={(stopId) => onSwap(stopId, wantedId)} onDone={onClose} />}
          {upgrade && <UpgradeLinks upgrade={upgrade} lacking="sessions" isSecond={wantedId !== null} />}
        </>
      );
    case 'QUOTA_EXCEEDED':
      return <MoreTime upgrade={upgrade} onClose={onClose} />;
    default:
      return upgrade && <UpgradeLinks upgrade={upgrade} lacking="time" />;
  }
}

function MoreTime({ upgrade, onClose }: { upgrade: Upgrade | null; onClose: () => void }) {
  const trial = useTrial();
  return (
    <>
      {trial && <TrialOffer trial={trial} onStarted={onClose} fullWidth />}
      {upgrade && <UpgradeLinks upgrade={upgrade} lacking="time" isSecond={trial !== null} />}
    </>
  );
}
