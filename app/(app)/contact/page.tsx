import type { Metadata } from 'next';
import { notFound } from 'next/navigation';
import { ContactPage } from '../../_contact/contact-page';
import { webContext } from '../../_server/context';
import { queryText } from '../../_server/query-text';

export const metadata: Metadata = { title: 'Contact us' };

type Props = { searchParams: Promise<Record<string, string | string[] | undefined>> };

/** The contact form; the page exists only with a support address. */
export default async function Page({ searchParams }: Props) {
  if (!webContext().env.SUPPORT_EMAIL) notFound();
  return <ContactPage about={queryText((await searchParams).about, 64)} />;
}
