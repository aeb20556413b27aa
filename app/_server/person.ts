import { headers } from 'next/headers';
import { redirect } from 'next/navigation';
import { findSignIn } from '@/server/account/find-actor';
import type { Actor } from '@/server/context';
import { actorOf, webAuth } from './actor';
import { webContext } from './context';

export type SignedIn = { id: string; name: string; email: string; emailVerified: boolean };

/** The signed-in person of this page request, or null. */
export async function findPerson(): Promise<SignedIn | null> {
  const signIn = await findSignIn(webContext().ctx, webAuth(), await headers());
  if (!signIn) return null;
  const { id, name, email, emailVerified } = signIn.user;
  return { id, name, email, emailVerified };
}

/** The signed-in person; anybody else is sent to sign in first and then on to `path`. */
export async function needPerson(path: string): Promise<SignedIn> {
  const person = await findPerson();
  if (!person) redirect(`/sign-in?next=${encodeURIComponent(path)}`);
  return person;
}

/** Sends somebody who is signed in already on to `path`; for the pages that ask to sign in. */
export async function leadMemberOn(path: string): Promise<void> {
  const actor = await actorOf(await headers());
  if (actor?.kind === 'user') redirect(path);
}

export type SignedInMember = Extract<Actor, { kind: 'user' }>;

/** The same with the account they act for. */
export async function needMember(path: string): Promise<{ person: SignedIn; member: SignedInMember }> {
  const person = await needPerson(path);
  const actor = await actorOf(await headers());
  if (actor?.kind !== 'user') redirect(`/sign-in?next=${encodeURIComponent(path)}`);
  return { person, member: actor };
}
