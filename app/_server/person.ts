import { headers } from 'next/headers';
import { redirect } from 'next/navigation';
import { findSignIn } from '@/server/account/find-actor';
import type { Actor } from '@/server/context';
import { actorOf, webAuth } from './actor';
import { webContext } from './context';

export type SignedIn = { id: string; name: string; email: string; emailVerified: boolean };

/** Returns the signed-in user of this page request, or null. */
export async function findPerson(): Promise<SignedIn | null> {
  const signIn = await findSignIn(webContext().ctx, webAuth(), await headers());
  if (!signIn) return null;
  const { id, name, email, emailVerified } = signIn.user;
  return { id, name, email, emailVerified };
}

/** Returns the signed-in user; redirects to sign-in, and then back to `path`, without one. */
export async function needPerson(path: string): Promise<SignedIn> {
  const person = await findPerson();
  if (!person) redirect(`/sign-in?next=${encodeURIComponent(path)}`);
  return person;
}

/** Redirects a signed-in user to `path`; for the sign-in and sign-up pages. */
export async function leadMemberOn(path: string): Promise<void> {
  const actor = await actorOf(await headers());
  if (actor?.kind === 'user') redirect(path);
}

export type SignedInMember = Extract<Actor, { kind: 'user' }>;

/** Returns the signed-in user with the account they act for; redirects to sign-in without one. */
export async function needMember(path: string): Promise<{ person: SignedIn; member: SignedInMember }> {
  const person = await needPerson(path);
  const actor = await actorOf(await headers());
  if (actor?.kind !== 'user') redirect(`/sign-in?next=${encodeURIComponent(path)}`);
  return { person, member: actor };
}
