import { Title } from '@mantine/core';
import type { Metadata } from 'next';
import { Suspense } from 'react';
import { SignInForm } from '../../_account/sign-in-form';
import { webContext } from '../../_server/context';

export const metadata: Metadata = { title: 'Sign up' };
export const dynamic = 'force-dynamic';

export default function Page() {
  return (
    <>
      <Title order={1} size="h3" mb="md">
        Sign up
      </Title>
      <Suspense>
        <SignInForm mode="sign-up" github={webContext().env.AUTH_GITHUB_ID !== undefined} />
      </Suspense>
    </>
  );
}
