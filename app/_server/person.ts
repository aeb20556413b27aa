import { headers } from 'next/headers';
import { redirect } from 'next/navigation';
import { webAuth } from './actor';

export type SignedIn = { name: string; email: string; emailVerified: boolean };

/** The signed-in person of this page request, or null. */
export async function findPerson(): Promise<SignedIn | null> {
  const signIn = await webAuth().api.getSession({ headers: await headers() });
  if (!signIn) return null;
  const { name, email, emailVerified } = signIn.user;
  return { name, email, emailVerified };
}

/** The signed-in person; anybody else is sent to sign in first and then on to `path`. */
export async function needPerson(path: string): Promise<SignedIn> {
  const person = await findPerson();
  if (!person) redirect(`/sign-in?next=${encodeURIComponent(path)}`);
  return person;
}
