import { Title } from '@mantine/core';
import { Suspense } from 'react';
import { webContext } from '../_server/context';
import { leadMemberOn } from '../_server/person';
import { nextPath } from './next-path';
import { type Mode, SignInForm } from './sign-in-form';

export type SignInPageProps = { searchParams: Promise<Record<string, string | string[] | undefined>> };

/** The page to sign in or up; a signed-in user is redirected at once. */
export async function SignInPage({ mode, searchParams }: SignInPageProps & { mode: Mode }) {
  const { next } = await searchParams;
  await leadMemberOn(nextPath(typeof next === 'string' ? next : null));
  return (
    <>
      <Title order={1} size="h3" mb="md">
        {TITLES[mode]}
      </Title>
      <Suspense>
        <SignInForm mode={mode} github={webContext().env.AUTH_GITHUB_ID !== undefined} />
      </Suspense>
    </>
  );
}

const TITLES: Record<Mode, string> = { 'sign-in': 'Sign in', 'sign-up': 'Sign up' };
