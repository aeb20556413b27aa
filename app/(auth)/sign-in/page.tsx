import { Title } from '@mantine/core';
import type { Metadata } from 'next';
import { Suspense } from 'react';
import { nextPath } from '../../_account/next-path';
import { SignInForm } from '../../_account/sign-in-form';
import { webContext } from '../../_server/context';
import { leadMemberOn } from '../../_server/person';

export const metadata: Metadata = { title: 'Sign in' };
export const dynamic = 'force-dynamic';

type Props = { searchParams: Promise<Record<string, string | string[] | undefined>> };

export default async function Page({ searchParams }: Props) {
  const { next } = await searchParams;
  await leadMemberOn(nextPath(typeof next === 'string' ? next : null));
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
