'use client';

import { Stack, Text } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { tellProblem } from '../_query/tell-problem';
import type { Refusal } from '../_query/trpc';
import { ResendConfirmation } from './resend-confirmation';

/** Shows a refusal as a notification, with a remedy where there is one. */
export function tellRefusal({ reason, message }: Refusal): void {
  if (reason !== 'EMAIL_UNCONFIRMED') return tellProblem(message);
  notifications.show({
    id: 'confirm-address',
    color: 'yellow',
    title: 'Your address is not confirmed',
    autoClose: false,
    message: (
      <Stack gap="xs" align="flex-start">
        <Text size="sm">{message}</Text>
        <ResendConfirmation size="xs" />
      </Stack>
    ),
  });
}
