import type { Metadata } from 'next';
import { NoSuchPage } from './_look/no-such-page';
import { PublicBar } from './_look/public-bar';
import { findPerson } from './_server/person';

export const metadata: Metadata = { title: 'There is no such page' };

export default async function NotFound() {
  const signedIn = (await findPerson()) !== null;
  return (
    <>
      <PublicBar signedIn={signedIn} />
      <NoSuchPage signedIn={signedIn} />
    </>
  );
}
