import { Title } from '@mantine/core';
import type { Metadata } from 'next';
import { Suspense } from 'react';
import { ResetPasswordForm } from '../../_account/password-forms';

export const metadata: Metadata = { title: 'Choose a new password' };

export default function Page() {
  return (
    <>
      <Title order={1} size="h3" mb="md">
        Choose a new password
      </Title>
      <Suspense>
        <ResetPasswordForm />
      </Suspense>
    </>
  );
}
