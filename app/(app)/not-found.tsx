import type { Metadata } from 'next';
import { NoSuchPage } from '../_look/no-such-page';

export const metadata: Metadata = { title: 'There is no such page' };

/** Replaces the content only: the layout renders the header of signed-in pages. */
export default function NotFound() {
  return <NoSuchPage signedIn />;
}
