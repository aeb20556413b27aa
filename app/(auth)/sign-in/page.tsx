import type { Metadata } from 'next';
import { SignInPage, type SignInPageProps } from '../../_account/sign-in-page';

export const metadata: Metadata = { title: 'Sign in' };
export const dynamic = 'force-dynamic';

export default function Page({ searchParams }: SignInPageProps) {
  return <SignInPage mode="sign-in" searchParams={searchParams} />;
}
