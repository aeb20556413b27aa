'use client';

import { Alert, Text } from '@mantine/core';
import { useBilling } from './use-billing';

/** Says that payments are tests or not set up; renders nothing where payments are real. */
export function PaymentsNote() {
  const { data: summary } = useBilling();
  if (!summary) return null;
  if (!summary.paymentsSetUp) {
    return (
      <Alert color="yellow" mb="md" title="Payments are not set up" role="status">
        This installation sells no plans. Ask its operator for more time, or wait for the reset of your quota.
      </Alert>
    );
  }
  return summary.testPayments ? <TestPayments /> : null;
}

/** The note about test payments, for pages without a billing summary. */
export const TestPayments = () => (
  <Text size="sm" c="dimmed" mb="md" role="note">
    Test payments: no card is charged. Pay with card 4242 4242 4242 4242, any date in the future and any code.
  </Text>
);
