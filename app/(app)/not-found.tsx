import type { Metadata } from 'next';
import { NoSuchPage } from '../_look/no-such-page';

export const metadata: Metadata = { title: 'There is no such page' };

/** Replaces the page alone: the header of signed-in pages is there already. */
export default function NotFound() {
  return <NoSuchPage signedIn />;
}
