'use client';

import { Button, Group, Modal, Stack, Text } from '@mantine/core';
import type { Upgrade } from '@/server/shapes';
import { ResendConfirmation } from '../_account/resend-confirmation';
import { Mark } from '../_look/mark';
import { UpgradeLinks } from '../_plans/upgrade-links';
import type { Explanation } from './explain';

type Props = {
  explanation: Explanation | null;
  upgrade: Upgrade | null;
  share: number | null;
  onClose: () => void;
};

/** Every refused start ends here: what, how much, until when, and the way out. */
export function RefusalDialog({ explanation, upgrade, share, onClose }: Props) {
  return (
    <Modal
      opened={explanation !== null}
      onClose={onClose}
      title={explanation?.title}
      centered
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      <Stack>
        <Group wrap="nowrap" align="flex-start">
          <Mark share={share} size={48} />
          <Text>{explanation?.text}</Text>
        </Group>
        {upgrade && <UpgradeLinks upgrade={upgrade} />}
        {explanation?.resend && <ResendConfirmation fullWidth />}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose} data-autofocus={upgrade ? undefined : true}>
            Close
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
