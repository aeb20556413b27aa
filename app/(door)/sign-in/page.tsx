import { Title } from '@mantine/core';
import type { Metadata } from 'next';
import { Suspense } from 'react';
import { SignInForm } from '../../_account/sign-in-form';
import { webContext } from '../../_server/context';

export const metadata: Metadata = { title: 'Sign in' };
export const dynamic = 'force-dynamic';

export default function Page() {
  return (
    <>
      <Title order={1} size="h3" mb="md">
        Sign in
      </Title>
      <Suspense>
        <SignInForm mode="sign-in" github={webContext().env.AUTH_GITHUB_ID !== undefined} />
      </Suspense>
    </>
  );
}
