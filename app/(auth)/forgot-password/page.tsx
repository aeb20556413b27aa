import { Title } from '@mantine/core';
import type { Metadata } from 'next';
import { ForgotPasswordForm } from '../../_account/password-forms';

export const metadata: Metadata = { title: 'Forgot your password?' };

export default function Page() {
  return (
    <>
      <Title order={1} size="h3" mb="md">
        Forgot your password?
      </Title>
      <ForgotPasswordForm />
    </>
  );
}
